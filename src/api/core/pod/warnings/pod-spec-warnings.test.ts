import { describe, expect, test } from 'vitest'
import type { core } from '../../../generated/types/index.ts'
import { podSpecWarnings } from './pod-spec-warnings.ts'

const main = { name: 'main', image: 'busybox:1' }

type Row = readonly [name: string, spec: Partial<core.v1.PodSpec>, warnings: readonly string[]]

const rows: readonly Row[] = [
  ['nothing odd', {}, []],
  [
    'a hidden variable',
    {
      containers: [
        {
          ...main,
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
            { name: 'B', value: '1' },
            { name: 'B', value: '$(B)2' },
          ],
        },
      ],
    },
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'parts of bytes',
    { containers: [{ ...main, resources: { limits: { memory: '100m' } } }] },
    [
      'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    ],
  ],
  [
    'ports twice',
    {
      containers: [
        { ...main, ports: [{ name: 'web', containerPort: 80, protocol: 'TCP' }] },
        { name: 'other', image: 'a', ports: [{ name: 'web', containerPort: 80, protocol: 'TCP' }] },
      ],
    },
    [
      'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[1].ports[0]: duplicate port name "web" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  ],
  [
    'a node label of old',
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'a spread over nothing',
    { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] },
    ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
  ],
  [
    'files in the same place',
    {
      volumes: [
        {
          name: 'v',
          configMap: {
            name: 'c',
            items: [
              { key: 'a', path: 'x' },
              { key: 'b', path: 'x/y' },
            ],
          },
        },
      ],
    },
    ['volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x"'],
  ],
  [
    'a negative grace',
    { terminationGracePeriodSeconds: -1 },
    [
      'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ],
  ],
]

describe('podSpecWarnings()', () => {
  test.each(rows)('tells of %s', (_name, spec, warnings) => {
    expect(podSpecWarnings({ containers: [main], ...spec }, {}, '')).toEqual(warnings)
  })

  test('names where in a workload the template is', () => {
    const spec = { containers: [main], nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }
    expect(podSpecWarnings(spec, {}, 'spec.template.')).toEqual([
      'spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ])
  })
})
