/** How a group's definitions are told apart. */
export interface DefinitionName {
  readonly group: string
  readonly plural: string
  readonly kind: string
}

const text = { type: 'string' }
const condition = {
  type: 'object',
  required: ['type', 'status'],
  properties: { type: text, status: text, reason: text, message: text, lastTransitionTime: text },
}

/** As operators' are: a few dozen fields, documented, with bounds and defaults. */
const spec = {
  type: 'object',
  properties: {
    replicas: { type: 'integer', minimum: 0, default: 1, description: 'How many there should be.' },
    image: { ...text, maxLength: 200, description: 'What they run.' },
    paused: { type: 'boolean', description: 'Whether nothing is to be done about them.' },
    selector: { type: 'object', additionalProperties: text, maxProperties: 20 },
    ports: {
      type: 'array',
      maxItems: 20,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'port'],
        properties: { name: { ...text, maxLength: 63 }, port: { type: 'integer' }, protocol: text },
      },
    },
    strategy: {
      type: 'object',
      properties: { type: text, maxSurge: { 'x-kubernetes-int-or-string': true } },
    },
  },
}
const status = {
  type: 'object',
  properties: { replicas: { type: 'integer' }, conditions: { type: 'array', items: condition } },
}

/** Expressions about every part of the spec. */
const rules: readonly string[] = [
  'self.replicas >= 0',
  'self.replicas <= 1000',
  'self.image.size() > 0',
  "!self.image.endsWith(':latest')",
  "self.image.contains('/')",
  'self.paused == false || self.replicas == 0',
  'self.selector.size() > 0',
  "'app' in self.selector",
  "self.selector.all(key, key.matches('^[a-z]+$'))",
  'self.selector.all(key, self.selector[key].size() <= 63)',
  'self.ports.size() > 0',
  'self.ports.all(port, port.port > 0)',
  'self.ports.all(port, port.port < 65536)',
  "self.ports.exists(port, port.name == 'http')",
  "self.ports.all(port, !has(port.protocol) || port.protocol in ['TCP', 'UDP'])",
  'self.ports.filter(port, port.port < 1024).size() <= 2',
  "!has(self.strategy) || self.strategy.type in ['RollingUpdate', 'Recreate']",
  "!has(self.strategy) || self.strategy.type != 'Recreate' || !has(self.strategy.maxSurge)",
  "self.replicas < 100 || self.image.startsWith('registry.example.com/')",
  'self.ports.map(port, port.port).all(port, port != 22)',
]

/** A definition; `rules`: with 20 CEL rules. */
export const definition = ({ group, plural, kind }: DefinitionName, hasRules: boolean): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural, kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: hasRules
                ? { ...spec, 'x-kubernetes-validations': rules.map((rule) => ({ rule })) }
                : spec,
              status,
            },
          },
        },
      },
    ],
  },
})

/** An object that all rules allow. */
export const customObject = ({ group, kind }: DefinitionName, namespace: string, name: string): object => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { namespace, name },
  spec: {
    replicas: 3,
    image: 'registry.example.com/web:1.2.3',
    paused: false,
    selector: { app: 'web', tier: 'front' },
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'metrics', port: 9090 },
    ],
    strategy: { type: 'RollingUpdate', maxSurge: '25%' },
  },
})
