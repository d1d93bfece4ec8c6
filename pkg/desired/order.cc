#include "pkg/desired/order.h"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace spacelet::desired {
namespace {

// By index, so that no container is moved but to its place.
class Order {
 public:
  explicit Order(const std::vector<Container>& containers) {
    std::map<std::string, size_t> by_name;
    for (size_t i = 0; i < containers.size(); ++i) by_name.emplace(containers[i].name, i);
    for (size_t i = 0; i < containers.size(); ++i) {
      unplaced_.insert(i);
      for (const std::string& name : containers[i].depends_on)
        if (const auto it = by_name.find(name); it != by_name.end() && it->second != i) Wait(i, it->second);
      if (!waits_for_.contains(i)) startable_.insert(i);
    }
  }

  // The first that waits for nobody; in a circle the first of all.
  size_t Next() {
    const size_t next = startable_.empty() ? *unplaced_.begin() : *startable_.begin();
    unplaced_.erase(next);
    startable_.erase(next);
    for (const size_t other : awaited_by_[next]) {
      waits_for_[other].erase(next);
      if (waits_for_[other].empty() && unplaced_.contains(other)) startable_.insert(other);
    }
    return next;
  }

 private:
  void Wait(size_t who, size_t for_whom) {
    waits_for_[who].insert(for_whom);
    awaited_by_[for_whom].insert(who);
  }

  std::set<size_t> unplaced_, startable_;
  std::map<size_t, std::set<size_t>> waits_for_, awaited_by_;
};

}  // namespace

std::vector<Container> InStartOrder(std::vector<Container> containers) {
  Order order(containers);
  std::vector<Container> ordered;
  ordered.reserve(containers.size());
  for (size_t i = 0; i < containers.size(); ++i) ordered.push_back(std::move(containers[order.Next()]));
  return ordered;
}

}  // namespace spacelet::desired
