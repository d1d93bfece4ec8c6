// page/index.html with page/page.css and page/page.js in it, put together by CMake. {{title}}, {{level}},
// {{now}} and {{content}} are where the moment's values go.
#pragma once

namespace spacelet::httpserver {

extern const char kPageFile[];

}  // namespace spacelet::httpserver
