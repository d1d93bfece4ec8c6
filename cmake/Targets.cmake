# spacelet_library(NAME SRCS ... DEPS ... [PUBLIC ...])  one target per package: spacelet_<NAME>, alias spacelet::<NAME>.
# spacelet_test(NAME SRCS ... DEPS ...)                  one gtest program per package, one ctest entry each.

add_library(spacelet_flags INTERFACE)
target_include_directories(spacelet_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(spacelet_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  # Flow-dependent, and false for std::string in optimised builds of GCC 12 (GCC bugs 105651, 105562): dozens, all at
  # assignments of texts. The address sanitizer looks for the same. The fifth is seldom and stays visible.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-error=maybe-uninitialized>
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# Debian's compilers make position-independent executables by default; said here so that everything, and the precompiled
# headers with it, is compiled alike.
target_compile_options(spacelet_flags INTERFACE -fPIE)
target_compile_definitions(spacelet_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(spacelet_flags INTERFACE -pie -Wl,-z,relro,-z,now)

# One precompiled header for the packages and one for the tests. The release build goes without, so that a missing
# include is found.
if(SPACELET_PRECOMPILE)
  set(headers <algorithm> <functional> <map> <memory> <optional> <string> <utility> <variant> <vector>
      <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/str_join.h>
      <absl/strings/string_view.h> <absl/time/time.h>)
  file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cc "")
  add_library(spacelet_precompiled STATIC ${PROJECT_BINARY_DIR}/precompiled.cc)
  target_link_libraries(spacelet_precompiled PRIVATE spacelet_flags absl::statusor absl::strings absl::time)
  target_precompile_headers(spacelet_precompiled PRIVATE ${headers})
  if(SPACELET_BUILD_TESTS)
    add_library(spacelet_precompiled_tests STATIC ${PROJECT_BINARY_DIR}/precompiled.cc)
    target_link_libraries(spacelet_precompiled_tests PRIVATE spacelet_flags absl::statusor absl::strings absl::time GTest::gmock)
    target_precompile_headers(spacelet_precompiled_tests PRIVATE ${headers} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

function(spacelet_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PUBLIC" ${ARGN})
  if(ARG_SRCS)
    add_library(spacelet_${name} STATIC ${ARG_SRCS})
    target_link_libraries(spacelet_${name} PUBLIC spacelet_flags ${ARG_PUBLIC} PRIVATE ${ARG_DEPS})
    if(SPACELET_PRECOMPILE)
      target_precompile_headers(spacelet_${name} REUSE_FROM spacelet_precompiled)
    endif()
  else()
    add_library(spacelet_${name} INTERFACE)
    target_link_libraries(spacelet_${name} INTERFACE spacelet_flags ${ARG_PUBLIC} ${ARG_DEPS})
  endif()
  add_library(spacelet::${name} ALIAS spacelet_${name})
endfunction()

function(spacelet_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 6")
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE spacelet_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  if(SPACELET_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM spacelet_precompiled_tests)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  # For ctest a skip outweighs a failure: one is meant only if the list of skipped tests is the last that was said.
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\] [^\n]*\n*$")
endfunction()
