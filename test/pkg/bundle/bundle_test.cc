#include "pkg/bundle/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "pkg/bundle/gzip.h"

namespace spacelet::bundle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Gzip, ComesBackAsItWas) {
  for (const std::string& text : {std::string(), std::string("hello"), std::string(300'000, 'x')})
    EXPECT_EQ(Gunzip(*Gzip(text)), text);
  EXPECT_EQ(*Gzip("hello"), *Gzip("hello"));
}

TEST(Bundle, HoldsItsFilesBelowItsNameAndSaysWhatIsMissing) {
  const secret::Redactor redactor;
  Bundle bundle("host-1", redactor);
  bundle.Add("agent/status.json", "what the agent knows", "{}\n");
  bundle.AddOr("plan.txt", "what would be done", absl::UnavailableError("Docker is away"));
  const std::string tar = Gunzip(*bundle.Archive({"DELEGATE_TOKEN"}));
  for (const char* part :
       {"host-1/MANIFEST.txt", "host-1/agent/status.json", "host-1/plan.txt", "not there: Docker is away"})
    EXPECT_THAT(tar, HasSubstr(part));
  const std::string manifest = bundle.Manifest({"DELEGATE_TOKEN"});
  EXPECT_THAT(manifest, HasSubstr("  agent/status.json  what the agent knows\n"));
  EXPECT_THAT(manifest, HasSubstr("  plan.txt           what would be done (not there: Docker is away)\n"));
  EXPECT_THAT(manifest, HasSubstr("the values of DELEGATE_TOKEN.\n"));
}

TEST(Bundle, NoFormOfAKnownSecretGetsIn) {
  const std::string token = "s3cret-token/with+signs";
  secret::Redactor redactor;
  redactor.Add(token);
  Bundle bundle("host", redactor);
  bundle.Add("a", "a", absl::StrCat("plain ", token, " base64 ", absl::Base64Escape(token)));
  bundle.AddOr("b", "b", absl::InternalError(absl::StrCat("with ", token)));
  const std::string tar = Gunzip(*bundle.Archive({}));
  EXPECT_THAT(tar, HasSubstr("plain *** base64 ***"));
  EXPECT_THAT(tar, Not(HasSubstr(token)));
  EXPECT_THAT(tar, Not(HasSubstr(absl::Base64Escape(token))));
  EXPECT_THAT(bundle.Manifest({}), Not(HasSubstr(token)));
}

}  // namespace
}  // namespace spacelet::bundle
