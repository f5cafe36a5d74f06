# The web server (target web) and the workload's client (target client), both on Node 24, which Debian 13 does not have:
# it comes through the npm registry. The secret npm_ca is an extra certificate authority for networks that need one.
FROM debian:trixie-slim AS node
# Debian's own npm would bring 360 packages; Corepack brings npm alone.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates nodejs node-corepack && rm -rf /var/lib/apt/lists/*
RUN --mount=type=secret,id=npm_ca \
    if [ -s /run/secrets/npm_ca ]; then export npm_config_cafile=/run/secrets/npm_ca NODE_EXTRA_CA_CERTS=/run/secrets/npm_ca; fi; \
    export COREPACK_ENABLE_DOWNLOAD_PROMPT=0 PATH="/opt/node/bin:$PATH" \
 && corepack npm@11 install --global --prefix /opt/node npm@11 --no-audit --no-fund \
 && npm install --global --prefix /opt/node node@24 --no-audit --no-fund \
 && cp "$(readlink -f /opt/node/bin/node)" /usr/local/bin/node && node --version

FROM node AS build
WORKDIR /app
ENV PATH=/opt/node/bin:/usr/local/bin:/usr/bin:/bin
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npm_ca \
    if [ -s /run/secrets/npm_ca ]; then export npm_config_cafile=/run/secrets/npm_ca; fi; \
    npm install --no-save --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY static static
COPY web web
COPY src src
COPY views views
COPY migrations migrations
COPY lists lists
RUN --mount=type=secret,id=npm_ca \
    if [ -s /run/secrets/npm_ca ]; then export npm_config_cafile=/run/secrets/npm_ca; fi; \
    node scripts/build.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/typescript node_modules/@typescript node_modules/esbuild node_modules/@esbuild node_modules/idiomorph

FROM debian:trixie-slim AS runtime
COPY --from=node /usr/local/bin/node /usr/local/bin/node
RUN apt-get update && apt-get install -y --no-install-recommends libstdc++6 libatomic1 && rm -rf /var/lib/apt/lists/* && node --version

FROM runtime AS client
RUN apt-get update && apt-get install -y --no-install-recommends tcpdump iproute2 iputils-ping && rm -rf /var/lib/apt/lists/*

FROM runtime AS web
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/migrations migrations
COPY --from=build /app/lists lists
COPY --from=build /app/views views
COPY --from=build /app/dist dist
USER nobody
EXPOSE 5000
# By its own first line, which sets what keeps it small.
CMD ["dist/cli.js", "serve"]

# The same as a later release, with migrations of its own: the lab rolls it out beside this one.
FROM web AS web-next
ARG NEXT_RELEASE=99.0.0
COPY lab/next/migrations migrations
COPY lab/next/undo.mjs ./
USER root
RUN sed -i "s/^  \"version\": .*/  \"version\": \"$NEXT_RELEASE\",/" package.json && grep "\"version\": \"$NEXT_RELEASE\"" package.json
USER nobody

# Its web content on storage that all web servers share, instead of in the image: scenario 09.
FROM web AS web-shared
USER root
RUN apt-get update && apt-get install -y --no-install-recommends glusterfs-client libnfs-utils nfs-common procps && rm -rf /var/lib/apt/lists/*
COPY lab/images/shared/mount-storage lab/images/shared/deploy lab/images/shared/switch-release /usr/local/bin/
COPY lab/images/shared/entrypoint.sh /usr/local/bin/entrypoint
ENTRYPOINT ["entrypoint"]
CMD ["dist/cli.js", "serve"]
