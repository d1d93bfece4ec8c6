# spacelet_library(NAME SRCS ... DEPS ... [PUBLIC ...])  one target per package: spacelet_<NAME>, alias spacelet::<NAME>.
# spacelet_test(NAME SRCS ... DEPS ...)                  one gtest program per package, one ctest entry each.

add_library(spacelet_flags INTERFACE)
target_include_directories(spacelet_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(spacelet_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_compile_definitions(spacelet_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(spacelet_flags INTERFACE -Wl,-z,relro,-z,now)

function(spacelet_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;PUBLIC" ${ARGN})
  if(ARG_SRCS)
    add_library(spacelet_${name} STATIC ${ARG_SRCS})
    target_link_libraries(spacelet_${name} PUBLIC spacelet_flags ${ARG_PUBLIC} PRIVATE ${ARG_DEPS})
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
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE spacelet_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()
