#include "pkg/config/validate_network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace spacelet::config {
namespace {

constexpr char kOwnLabels[] = "dev.spacelet.";
constexpr const char* kDockersNetworks[] = {"bridge", "host", "none", "default", "container", "ingress"};

struct Address {
  std::array<unsigned char, 16> bytes = {};
  int bits = 0;  // 32 or 128
};

std::optional<Address> ParseAddress(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1)
    address.bits = 32;
  else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1)
    address.bits = 128;
  return address.bits != 0 ? std::optional(address) : std::nullopt;
}

bool BitOf(const Address& address, int bit) {
  return (address.bytes[static_cast<size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0;
}

struct Subnet {
  Address address;
  int prefix = 0;

  bool Contains(const Address& other) const {
    if (other.bits != address.bits) return false;
    for (int bit = 0; bit < prefix; ++bit)
      if (BitOf(address, bit) != BitOf(other, bit)) return false;
    return true;
  }
  bool HasHostBits() const {
    for (int bit = prefix; bit < address.bits; ++bit)
      if (BitOf(address, bit)) return true;
    return false;
  }
};

std::optional<Subnet> ParseSubnet(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = ParseAddress(text.substr(0, slash));
  Subnet subnet;
  if (!address || !absl::SimpleAtoi(text.substr(slash + 1), &subnet.prefix)) return std::nullopt;
  subnet.address = *address;
  return subnet.prefix >= 1 && subnet.prefix <= address->bits ? std::optional(subnet) : std::nullopt;
}

void CheckGateway(const std::string& gateway, const std::optional<std::string>& subnet_text, Report& report) {
  constexpr char kPath[] = "spec.network.gateway";
  if (!subnet_text) return report.AddAt(Severity::kError, kPath, "needs a subnet beside it");
  const auto subnet = ParseSubnet(*subnet_text);
  const auto address = ParseAddress(gateway);
  if (subnet && address && !subnet->Contains(*address))
    report.AddAt(Severity::kError, kPath, absl::StrCat(gateway, " is not inside the subnet ", *subnet_text));
}

}  // namespace

void CheckLabels(const std::string& path, const std::map<std::string, std::string>& labels, Report& report) {
  for (const auto& [key, value] : labels)
    if (absl::StartsWith(key, kOwnLabels))
      report.AddAt(Severity::kError, Join(path, key),
                   "labels that begin with dev.spacelet. are the agent's own");
}

void ValidateNetwork(const api::Network& network, Report& report) {
  if (std::find(std::begin(kDockersNetworks), std::end(kDockersNetworks), network.name) !=
      std::end(kDockersNetworks))
    report.AddAt(
        Severity::kError, "spec.network.name",
        absl::StrCat(
            network.name,
            " is one of Docker's own: containers find each other by name only on a network of their own"));
  if (network.driver == "host" || network.driver == "none" || network.driver == "null")
    report.AddAt(Severity::kError, "spec.network.driver",
                 absl::StrCat("a network with the driver ", network.driver, " connects nothing"));
  if (network.subnet && !network.subnet->empty()) {
    const auto subnet = ParseSubnet(*network.subnet);
    if (!subnet) {
      report.AddAt(Severity::kError, "spec.network.subnet",
                   absl::StrCat(*network.subnet, " is not a subnet like 172.30.0.0/16"));
    } else if (subnet->HasHostBits()) {
      report.AddAt(Severity::kError, "spec.network.subnet",
                   absl::StrCat(*network.subnet, " has bits set behind its prefix"));
    }
  }
  if (network.gateway && !network.gateway->empty()) CheckGateway(*network.gateway, network.subnet, report);
  CheckLabels("spec.network.labels", network.labels, report);
}

}  // namespace spacelet::config
