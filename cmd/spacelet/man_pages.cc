#include "cmd/spacelet/man_pages.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cmd/spacelet/roff.h"
#include "cmd/spacelet/usage.h"
#include "pkg/app/build_info.h"
#include "pkg/app/dependencies.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/config/reference.h"

namespace spacelet::cmd {
namespace {

constexpr char kDocumentPage[] = "spacelet.yaml";
constexpr char kExamples[] = "Examples:\n";
constexpr char kExitCode[] = "Exit code: ";

constexpr char kAbout[] =
    "spacelet looks after a host of self-hosted Harness Gitspaces: it keeps a Docker network, the VM runner, "
    "the "
    "delegate and any further containers as one YAML document says. What runs is never lost to a mistake in "
    "the "
    "document, and what spacelet did not make it never touches.";

constexpr char kDocument[] =
    "apiVersion: spacelet.dev/v1alpha1\n"
    "kind: GitspaceHost\n"
    "metadata:\n"
    "  name: gitspaces-us-west1\n"
    "spec:\n"
    "  runner:\n"
    "    image: drone/drone-runner-aws:1.0.0-rc.310\n"
    "    pool: {file: /etc/spacelet/pool.yaml}\n"
    "  delegate:\n"
    "    image: us-docker.pkg.dev/gar-prod-setup/harness-public/harness/delegate:26.07.89501\n"
    "    accountId: AbCdEfGhIjKlMnOpQrStUv\n"
    "    token: {file: /etc/spacelet/delegate-token}";

// term, what it is.
using Terms = std::vector<std::pair<std::string, std::string>>;

const Terms& Files() {
  static const auto* const files =
      new Terms{{"/etc/spacelet/host.yaml", "The document."},
                {"/etc/spacelet/delegate-token", "The delegate's token, where the document says so."},
                {"/etc/default/spacelet", "Further flags of the agent as a service: SPACELET_FLAGS."},
                {"/var/lib/spacelet", "What the agent remembers. Losing it costs no container."},
                {"/run/spacelet/spacelet.lock", "Held by the one spacelet that works on this host."}};
  return *files;
}

const Terms& ExitCodes() {
  static const auto* const codes =
      new Terms{{"0", "Good."},
                {"1", "Not so: not valid, not in sync, not ready, not done. Each command's page says which."},
                {"2", "The words on the command line cannot be understood."},
                {"69", "Docker, or the agent, cannot be reached."},
                {"75", "Another spacelet works on this host."},
                {"78", "The document is not valid."}};
  return *codes;
}

const Terms& Environment() {
  static const auto* const variables =
      new Terms{{"DOCKER_HOST", "The daemon, where --docker-host does not name it."},
                {"DOCKER_TLS_VERIFY, DOCKER_CERT_PATH", "TLS for tcp://HOST:PORT, and where its files are."},
                {"DOCKER_CONFIG", "The directory of config.json with registry credentials."},
                {"NO_COLOR", "No colours."}};
  return *variables;
}

absl::Time PageDate() {
  int64_t seconds = 0;
  return absl::SimpleAtoi(app::GetEnv("SOURCE_DATE_EPOCH").value_or(""), &seconds)
             ? absl::FromUnixSeconds(seconds)
             : absl::Now();
}

int SectionOf(const CLI::App& command) { return command.get_name() == "agent" ? 8 : 1; }

std::string PageOf(const CLI::App& command) { return absl::StrCat("spacelet-", command.get_name()); }

std::string Reference(absl::string_view page, int section) {
  return absl::StrCat(Bold(page), "(", section, ")");
}

// As whatis(1) wants it: "Shows what …" -> "shows what …", but not "JSON …".
std::string Uncapitalised(std::string text) {
  if (text.size() > 1 && absl::ascii_islower(static_cast<unsigned char>(text[1])))
    text[0] = absl::ascii_tolower(static_cast<unsigned char>(text[0]));
  return text;
}

ManPage Begin(absl::string_view name, int section, const std::string& does) {
  ManPage page(name, section, PageDate(), app::GetBuildInfo().version);
  page.Section("NAME");
  page.Paragraph(absl::StrCat(Roff(name), " \\- ", Roff(Uncapitalised(does))));
  return page;
}

void AddTerms(ManPage& page, absl::string_view title, const Terms& terms) {
  page.Section(title);
  for (const auto& [term, meaning] : terms) page.Item(Bold(term), Roff(meaning));
}

std::string Metavar(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  return option.get_positional() ? option.get_name() : option.get_type_name();
}

std::string Term(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back(Bold("-" + name));
  for (const std::string& name : option.get_lnames()) names.push_back(Bold("--" + name));
  const std::string metavar = Metavar(option);
  if (names.empty()) return Italic(metavar);
  return absl::StrCat(absl::StrJoin(names, ", "), metavar.empty() ? "" : " ", Italic(metavar));
}

std::string ShortTerm(const CLI::Option& option) {
  const std::string name =
      option.get_snames().empty() ? "--" + option.get_lnames().front() : "-" + option.get_snames().front();
  return absl::StrCat(Bold(name), " ", Italic(Metavar(option)));
}

std::string Meaning(const CLI::Option& option) {
  std::string text = option.get_description();
  if (option.get_required()) text += " (required)";
  if (const std::string fallback = option.get_default_str(); !fallback.empty())
    absl::StrAppend(&text, " (default ", fallback, ")");
  return absl::StrCat(Roff(text), ".");
}

// The required ones as they are typed, the others in brackets.
std::string Synopsis(const CLI::App& command, const std::string& name) {
  std::string out = Bold(name), optional = "";
  if (!VisibleCommands(command).empty())
    return absl::StrCat(out, " ", Italic("COMMAND"), " [", Italic("OPTION"), "...]");
  for (const CLI::Option* option : command.get_options())
    if (!option->get_positional() && option->get_required()) absl::StrAppend(&out, " ", ShortTerm(*option));
  absl::StrAppend(&out, " [", Italic("OPTION"), "...]");
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const bool many = option->get_items_expected_max() > 1;
    const std::string word = absl::StrCat(Term(*option), many ? "..." : "");
    absl::StrAppend(&out, " ", option->get_required() ? word : absl::StrCat("[", word, "]"));
  }
  return out;
}

void AddOptions(ManPage& page, const CLI::App& command) {
  for (const bool positional : {true, false})
    for (const CLI::Option* option : command.get_options())
      if (option->get_positional() == positional) page.Item(Term(*option), Meaning(*option));
}

// What stands below a command's help: examples, exit codes, and other lines.
struct Footer {
  std::string about, exit_codes, examples;
};

Footer FooterOf(const CLI::App& command) {
  Footer footer;
  for (absl::string_view part : absl::StrSplit(command.get_footer(), "\n\n", absl::SkipEmpty())) {
    if (absl::ConsumePrefix(&part, kExamples)) {
      footer.examples = std::string(part);
      continue;
    }
    for (absl::string_view line : absl::StrSplit(part, '\n', absl::SkipEmpty())) {
      std::string& where = absl::ConsumePrefix(&line, kExitCode) ? footer.exit_codes : footer.about;
      absl::StrAppend(&where, line, "\n");
    }
  }
  return footer;
}

void AddExamples(ManPage& page, absl::string_view examples) {
  if (examples.empty()) return;
  page.Section("EXAMPLES");
  std::vector<absl::string_view> lines = absl::StrSplit(examples, '\n');
  for (absl::string_view& line : lines) absl::ConsumePrefix(&line, "  ");
  page.Example(absl::StrJoin(lines, "\n"));
}

// A command's own commands ("secret gcp") stand on its page.
void AddNested(ManPage& page, const CLI::App& command, const std::string& name) {
  for (const CLI::App* nested : VisibleCommands(command)) {
    const std::string nested_name = absl::StrCat(name, " ", nested->get_name());
    page.Subsection(nested_name);
    page.Paragraph(absl::StrCat(Roff(nested->get_description()), "."));
    page.Paragraph(Synopsis(*nested, nested_name));
    AddOptions(page, *nested);
    const Footer footer = FooterOf(*nested);
    if (!footer.about.empty()) page.Paragraph(Roff(footer.about));
    if (!footer.exit_codes.empty()) page.Paragraph(absl::StrCat(Roff(kExitCode), Roff(footer.exit_codes)));
    if (!footer.examples.empty()) page.Example(footer.examples);
  }
}

std::string CommandPage(const CLI::App& command) {
  const std::string name = absl::StrCat("spacelet ", command.get_name());
  const Footer footer = FooterOf(command);
  ManPage page = Begin(PageOf(command), SectionOf(command), command.get_description());
  page.Section("SYNOPSIS");
  page.Paragraph(Synopsis(command, name));
  page.Section("DESCRIPTION");
  page.Paragraph(absl::StrCat(Roff(command.get_description()), "."));
  if (!footer.about.empty()) page.Paragraph(Roff(footer.about));
  page.Section("OPTIONS");
  AddOptions(page, command);
  if (!VisibleCommands(command).empty()) page.Section("COMMANDS");
  AddNested(page, command, name);
  if (!footer.exit_codes.empty()) {
    page.Section("EXIT STATUS");
    page.Paragraph(Roff(footer.exit_codes));
  }
  if (SectionOf(command) == 8) AddTerms(page, "FILES", Files());
  AddExamples(page, footer.examples);
  page.Section("SEE ALSO");
  page.Paragraph(absl::StrCat(Reference("spacelet", 1), ", ", Reference(kDocumentPage, 5)));
  return page.text();
}

std::string RootPage(const CLI::App& root) {
  const Footer footer = FooterOf(root);
  ManPage page =
      Begin("spacelet", 1,
            root.get_description().substr(0, root.get_description().find(" (")) + " as a document says");
  page.Section("SYNOPSIS");
  page.Paragraph(Synopsis(root, "spacelet"));
  page.Section("DESCRIPTION");
  page.Paragraph(Roff(kAbout));
  page.Section("OPTIONS");
  AddOptions(page, root);
  page.Section("COMMANDS");
  for (const CLI::App* command : VisibleCommands(root))
    page.Item(Reference(PageOf(*command), SectionOf(*command)),
              absl::StrCat(Roff(command->get_description()), "."));
  AddTerms(page, "EXIT STATUS", ExitCodes());
  AddTerms(page, "ENVIRONMENT", Environment());
  AddTerms(page, "FILES", Files());
  AddExamples(page, footer.examples);
  page.Section("SEE ALSO");
  page.Paragraph(absl::StrCat(Reference(kDocumentPage, 5), ", ", Reference("spacelet-agent", 8)));
  return page.text();
}

// From the outside to the inside; the others follow by name.
std::vector<config::Definition> InReadingOrder() {
  static constexpr std::array kFirst = {"document", "metadata", "spec",      "network", "runner",
                                        "pool",     "delegate", "container", "workload"};
  std::vector<config::Definition> definitions = config::Reference();
  std::stable_sort(definitions.begin(), definitions.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const std::string& name) { return std::find(kFirst.begin(), kFirst.end(), name); };
    return rank(a.name) < rank(b.name);
  });
  return definitions;
}

std::string FieldMeaning(const config::FieldInfo& field) {
  std::string text = Roff(field.description);
  absl::StrAppend(&text, "\nType: ", Roff(field.type), ".");
  if (field.required) text += " Required.";
  if (!field.fallback.empty()) absl::StrAppend(&text, " Default: ", Roff(field.fallback), ".");
  if (!field.example.empty()) absl::StrAppend(&text, "\nExample: ", Roff(field.example));
  return text;
}

std::string DocumentPage() {
  ManPage page = Begin(kDocumentPage, 5, "the document that says what a Gitspaces host runs");
  page.Section("DESCRIPTION");
  page.Paragraph(
      Roff("One YAML document says what shall run on the host. It is read strictly: an unknown or duplicate "
           "key, a wrong "
           "type, an anchor, a second document or an empty file is an error, and all errors are reported at "
           "once, with "
           "line and column. A document that is missing or invalid changes nothing that runs."));
  page.Paragraph(absl::StrCat(Bold("spacelet validate"), " checks a document; ", Bold("spacelet schema"),
                              " prints its JSON Schema for editors."));
  page.Example(kDocument);
  page.Section("FIELDS");
  page.Paragraph(
      Roff("Each group below is a type that the fields of another one have; the first is the document "
           "itself. The fields of workload are those of runner, delegate and container, too, and the "
           "fields of secret those of containerFile."));
  for (const config::Definition& definition : InReadingOrder()) {
    if (definition.fields.empty()) continue;
    page.Subsection(definition.name);
    for (const config::FieldInfo& field : definition.fields) page.Item(Bold(field.name), FieldMeaning(field));
  }
  AddTerms(page, "FILES", Files());
  page.Section("SEE ALSO");
  page.Paragraph(absl::StrCat(Reference("spacelet", 1), ", ", Reference("spacelet-validate", 1), ", ",
                              Reference("spacelet-agent", 8)));
  return page.text();
}

}  // namespace

ManPages AllManPages(const CLI::App& root) {
  ManPages pages;
  pages["spacelet.1"] = [&root] { return RootPage(root); };
  pages[absl::StrCat(kDocumentPage, ".5")] = DocumentPage;
  for (const CLI::App* command : VisibleCommands(root))
    pages[absl::StrCat(PageOf(*command), ".", SectionOf(*command))] = [command] {
      return CommandPage(*command);
    };
  return pages;
}

}  // namespace spacelet::cmd
