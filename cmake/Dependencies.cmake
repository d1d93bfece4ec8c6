# Every library comes from Debian (hack/packages.txt names them). Nothing is downloaded at configure time.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
# cpp-httplib is a compiled library on Debian: without the feature macros of its .pc file it crashes.
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(crypt REQUIRED IMPORTED_TARGET libcrypt)
# RE2 comes with a .pc file only, which would link Abseil a second time, as a shared library. Since 2023 it needs it.
find_library(RE2_LIBRARY NAMES libre2.a re2 REQUIRED)
add_library(re2::re2 UNKNOWN IMPORTED)
set_property(TARGET re2::re2 PROPERTY IMPORTED_LOCATION ${RE2_LIBRARY})
foreach(part absl_check absl_log fixed_array flat_hash_map flat_hash_set inlined_vector span str_format strings synchronization)
  if(TARGET absl::${part})
    set_property(TARGET re2::re2 APPEND PROPERTY INTERFACE_LINK_LIBRARIES absl::${part})
  endif()
endforeach()

# What only this program needs is in it: two and a half dozen shared libraries of small C++ pieces take longer to be
# loaded than `spacelet plan` takes to run (docs/performance.md). What guards a boundary stays shared, so that its
# security updates come without us: OpenSSL, libcrypt, zlib, cpp-httplib; yaml-cpp and RE2 are a trade (docs/adr/0012-linking.md).
get_property(libraries DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER libraries INCLUDE REGEX "^(absl::|yaml-cpp)")
foreach(library ${libraries})
  get_target_property(shared ${library} IMPORTED_LOCATION_NONE)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" static "${shared}")
  if(EXISTS ${static})
    set_property(TARGET ${library} PROPERTY IMPORTED_LOCATION_NONE ${static})
  endif()
endforeach()
set_property(TARGET spdlog::spdlog_header_only PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads fmt::fmt-header-only)

if(SPACELET_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
