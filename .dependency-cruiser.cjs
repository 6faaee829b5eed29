// The rooms of the house: who may import whom, and which room may hold which library. `npm run boundaries` holds the
// sources to it (scripts/boundaries.mjs). A room that is not named here may import nothing.

/** What each room may import, beside itself. */
const rooms = {
  'src/domain': [],
  'src/codecs': ['src/domain', 'src/ports'],
  'src/ports': ['src/domain'],
  'src/pipeline': ['src/domain', 'src/codecs', 'src/ports'],
  'src/history': ['src/domain', 'src/ports'],
  'src/spool': ['src/domain', 'src/ports'],
  'src/catalog': ['src/domain', 'src/ports'],
  'src/quarantine': ['src/domain', 'src/ports'],
  'src/reading-types': ['src/domain', 'src/ports'],
  'src/stores/duckdb': ['src/domain', 'src/ports'],
  'src/stores/influxdb': ['src/domain', 'src/ports'],
  'src/live': ['src/domain', 'src/ports'],
  'src/access': ['src/domain', 'src/ports'],
  'src/transports': ['src/domain', 'src/ports', 'src/pipeline', 'src/history'],
  'src/config': ['src/domain'],
  'src/app': ['src'],
  'src/main.ts': ['src/app', 'src/config'],
  'src/spool-tool.ts': ['src/spool', 'src/domain'],
  'src/client': ['src/domain'],
  dashboard: ['src/client', 'src/domain'],
  simulators: ['src/client', 'src/domain'],
  bench: ['src', 'simulators'],
  test: ['src', 'simulators', 'bench', 'dashboard'],
};

/** The only places that may import a library; what is not named here may be imported nowhere but in programs' tests. */
const libraries = {
  aedes: ['src/transports/mqtt', 'test'],
  '@duckdb/node-api': ['src/stores/duckdb', 'bench', 'test'],
  '@duckdb/node-bindings': ['src/stores/duckdb'],
  '@influxdata/influxdb-client': ['src/stores/influxdb', 'bench', 'test'],
  '@fastify/static': ['src/transports/http'],
  ajv: ['src/codecs', 'src/config', 'src/reading-types', 'test'],
  'ajv-formats': ['src/codecs', 'src/config', 'src/reading-types', 'test'],
  cborg: ['src/codecs', 'simulators', 'bench', 'test'],
  esbuild: [],
  fastify: ['src/transports', 'src/app', 'bench', 'test'],
  luxon: ['src/history', 'test'],
  mqtt: ['src/transports/mqtt', 'simulators', 'bench', 'test'],
  pino: ['src/app', 'test'],
  'prom-client': ['src/transports', 'test'],
  uplot: ['dashboard'],
  ws: ['src/transports', 'simulators', 'bench', 'test'],
};

/** Rooms that run in a browser, or that only think: nothing of Node in them. */
const withoutNode = ['src/domain', 'src/ports', 'src/client', 'dashboard'];

const literally = (name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const within = (room) => `^${literally(room)}${room.endsWith('.ts') ? '$' : '/'}`;
const library = (name) => `(^|/)node_modules/(@types/)?${literally(name)}(/|$)`;

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room} imports ${allowed.length === 0 ? 'nothing' : `only ${allowed.join(', ')}`}`,
      severity: 'error',
      from: { path: within(room) },
      to: { path: '^(src|dashboard|simulators|bench|test|scripts)/', pathNot: [room, ...allowed].map(within) },
    })),
    ...Object.entries(libraries).map(([name, allowed]) => ({
      name: `${name} stays in ${allowed.length === 0 ? 'scripts' : allowed.join(', ')}`,
      severity: 'error',
      from: { path: '^(src|dashboard|simulators|bench|test)/', pathNot: allowed.map(within) },
      to: { path: library(name) },
    })),
    {
      name: 'a library is named here before it is imported',
      severity: 'error',
      from: { path: '^(src|dashboard|simulators)/' },
      to: { path: '(^|/)node_modules/', pathNot: Object.keys(libraries).map(library) },
    },
    {
      name: 'nothing of Node in a room that runs in browsers or only thinks',
      severity: 'error',
      from: { path: withoutNode.map(within) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'every source file has a room',
      severity: 'error',
      from: { path: '^src/', pathNot: Object.keys(rooms).map(within) },
      to: {},
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'every import leads somewhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // TypeScript 7 has no JavaScript API for dependency-cruiser to use; without swc it would read no module at all.
    parser: 'swc',
    // An import of a type is an arrow too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      // Sources name the compiled file; the .ts file beside it is the one that is read.
      extensionAlias: { '.js': ['.ts', '.js'] },
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
