// The status page as a value: a tree of elements and text, written as HTML for the first answer and as JSON
// for every later one, from which the browser builds DOM nodes. There is one description of the page, and no
// text is parsed twice: what a hostile image name or log line holds stays text in both forms.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::httpserver {

// An element, or text when it has no tag. Tags and names of attributes are our own literals; values and text
// may be anything. An element's id is its name from one answer to the next: the browser keeps the DOM node.
struct Node {
  Node() = default;  // no aggregate: a pair of strings is an attribute, not a node
  std::string tag;
  std::string text;  // without a tag
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<Node> children;
  bool operator==(const Node&) const = default;
};

using Attributes = std::vector<std::pair<std::string, std::string>>;

Node Text(absl::string_view text);
Node Element(std::string tag, Attributes attributes, std::vector<Node> children = {});
Node Element(std::string tag, std::vector<Node> children = {});

// <time>: how long ago, in words that ToHtml takes from its `now` and the browser keeps fresh; the absolute
// time is in its attributes.
Node Since(absl::Time time);

// Text is escaped for every place it can stand in.
std::string ToHtml(const std::vector<Node>& nodes, absl::Time now);

// The trees that a browser has been sent, by the ids of their elements; what did not change is not sent
// again.
class SentNodes {
 public:
  // A JSON array: text is a string, an element [tag, {attributes}, children…], and one with an id that is
  // what it was in the call before {"same": id}. Invalid UTF-8 is replaced.
  std::string ToJson(const std::vector<Node>& nodes);

 private:
  std::map<std::string, std::string> digests_;  // by id
};

}  // namespace spacelet::httpserver
