# The Debian package by CPack; hack/package calls it.

# A package is linked to the libraries of the release it was built on, so its version says which: ~deb12, ~deb13.
cmake_host_system_information(RESULT distribution QUERY DISTRIB_INFO)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
if(distribution_ID STREQUAL "debian" AND distribution_VERSION_ID)
  string(APPEND CPACK_DEBIAN_PACKAGE_RELEASE ~deb${distribution_VERSION_ID})
endif()

find_program(DPKG_PROGRAM dpkg)
if(DPKG_PROGRAM)
  execute_process(COMMAND ${DPKG_PROGRAM} --print-architecture
    OUTPUT_VARIABLE CPACK_DEBIAN_PACKAGE_ARCHITECTURE OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

# Laid out by cmake/package_files.sh.
install(DIRECTORY ${PROJECT_BINARY_DIR}/package_files/ DESTINATION . COMPONENT package USE_SOURCE_PERMISSIONS)

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS ${PROJECT_BINARY_DIR} spacelet package /)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
# Directories are 0755 whatever the umask is.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_NAME spacelet)
set(CPACK_PACKAGE_CONTACT "spacelet maintainers <maintainers@spacelet.dev>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keeps the containers of a Harness Gitspaces host as a document says")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "\
An agent for the hosts of self-hosted Harness Gitspaces: it keeps a Docker
network, the VM runner, the delegate and any further containers as one YAML
document says, from boot through changes of the document, of images and of
secrets, daemon restarts, hand edits and its own crashes.
.
What runs is never lost to a mistake in the document, and what the agent did
not make it never touches.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# systemd-sysusers makes the user at installation; the service needs systemd, a container that runs the agent does not.
# The time zones of rollout.windows are read from tzdata.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "init-system-helpers (>= 1.52), systemd | systemd-standalone-sysusers | systemd-sysusers, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "docker.io | docker-ce, ca-certificates, git, openssh-client")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA)
foreach(name conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/manifests/debian/${name})
endforeach()
include(CPack)
