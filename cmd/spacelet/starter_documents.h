// The documents of examples/, built into the program.
#pragma once

namespace spacelet::cmd {

extern const char kStarterGcp[];
extern const char kStarterAws[];

}  // namespace spacelet::cmd
