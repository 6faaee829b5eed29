# syntax=docker/dockerfile:1
# Built in one stage, run in another: the image holds compiled code and what it needs at run time, nothing else.
FROM node:20-bookworm-slim AS build
WORKDIR /inlet
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --loglevel=error
COPY . .
# What only building needs goes again.
RUN node scripts/build.mjs && rm -r node_modules/esbuild node_modules/@esbuild

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /inlet
COPY --from=build /inlet/package.json ./
COPY --from=build /inlet/node_modules ./node_modules
COPY --from=build /inlet/schemas ./schemas
COPY --from=build /inlet/dist/dashboard ./dist/dashboard
COPY --from=build /inlet/dist/src ./dist/src
RUN mkdir /data && chown node:node /data
USER node
ENV INLET_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# Node itself is process 1 and gets SIGTERM; it stops within 10 s.
CMD ["node", "--max-semi-space-size=32", "dist/src/main.js"]
