// What libstdc++ keeps of a locale, it fills in as it is used, and takes no lock for it (GCC bug 77704): two
// threads that compile a regular expression at the same time, as cpp-httplib does for each answer, race.
#pragma once

namespace spacelet::base {

// Fills it in. To be called before there is a second thread.
void FillLocaleCaches();

}  // namespace spacelet::base
