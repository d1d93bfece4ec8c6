# The agent as a container, for hosts where nothing is installed beside Docker (manifests/compose.yaml runs it).
#
#   docker build --build-arg REVISION=$(git describe --always) -t spacelet .
#
# On a VM of your own the package is the better way: it starts without Docker, and says what ails it.
ARG DEBIAN=bookworm

FROM debian:${DEBIAN}-slim AS build
WORKDIR /src
COPY hack/packages.txt hack/packages.txt
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssh-client \
    $(awk '$1 == "build" {print $2}' hack/packages.txt)
# For documents in Git: what a fetch needs of git, without perl and the rest, and of OpenSSH.
RUN mkdir -p /git/usr/bin /git/usr/lib/git-core \
  && cp -P /usr/bin/git /usr/bin/git-upload-pack /usr/bin/ssh /usr/bin/ssh-keygen /git/usr/bin \
  && cp -P /usr/lib/git-core/git-remote-http /usr/lib/git-core/git-remote-https /git/usr/lib/git-core
COPY . .
ARG REVISION=unknown
RUN cmake --preset release -DSPACELET_PRECOMPILE=ON -DSPACELET_REVISION=${REVISION} \
  && cmake --build --preset release \
  && strip build/release/bin/spacelet \
  # The packages of the libraries that these are linked to.
  && for program in build/release/bin/spacelet $(find /git -type f); do ldd "$program"; done \
  | awk '$2 == "=>" {print $3}' | xargs -n 1 realpath | xargs dpkg-query -S | cut -d: -f1 | sort -u > runtime-packages

FROM debian:${DEBIAN}-slim
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="spacelet" \
  org.opencontainers.image.description="Keeps the VM runner and the delegate of a Harness Gitspaces host as a document says" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build /src/runtime-packages /tmp/
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates tzdata $(cat /tmp/runtime-packages) \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /tmp/runtime-packages \
  # A number is all that the host sees of it; ssh wants a name as well.
  && echo 'spacelet:x:10001:10001::/var/lib/spacelet:/usr/sbin/nologin' >> /etc/passwd \
  && install -d -o 10001 -g 10001 -m 0700 /var/lib/spacelet
COPY --from=build /git/ /
COPY --from=build /src/build/release/bin/spacelet /usr/bin/spacelet
USER 10001:10001
# The lock lies where the state does: whoever shares the one shares the other.
ENTRYPOINT ["/usr/bin/spacelet"]
CMD ["agent", "--config", "/etc/spacelet/host.yaml", "--lock-file", "/var/lib/spacelet/spacelet.lock"]
# The first images are pulled, and a delegate takes minutes to be ready.
HEALTHCHECK --interval=30s --timeout=10s --start-period=15m --retries=3 CMD ["/usr/bin/spacelet", "status"]
