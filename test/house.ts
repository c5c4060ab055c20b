/** The table of design: which folder of src may import which, and whether it is free of its host. */
export interface Layer {
  readonly folder: string
  readonly mayImport: readonly string[]
  /** True: no `node:` module and no global clock, timer or randomness. `except` names the parts that may. */
  readonly hostFree: boolean
  readonly except?: readonly string[]
}

const base = ['base']
const machinery = [...base, 'apimachinery', 'api']
const client = [...machinery, 'client']
const reconcile = [...client, 'reconcile']
const everything = [
  ...reconcile,
  'storage',
  'apiserver',
  'login',
  'controllers',
  'scheduler',
  'kubelet',
  'proxy',
  'network',
  'dns',
  'cloud',
]

/** Innermost first; a file belongs to the longest folder that holds it. */
export const layers: readonly Layer[] = [
  { folder: 'base', mayImport: [], hostFree: true, except: ['base/host'] },
  { folder: 'apimachinery', mayImport: base, hostFree: true },
  { folder: 'api', mayImport: [...base, 'apimachinery'], hostFree: true },
  {
    folder: 'storage',
    mayImport: base,
    hostFree: true,
    except: ['storage/lmdb', 'storage/conformance', 'storage/encryption'],
  },
  { folder: 'storage/etcd', mayImport: [...base, 'api'], hostFree: false },
  { folder: 'apiserver', mayImport: [...machinery, 'storage'], hostFree: true, except: ['apiserver/http'] },
  {
    folder: 'login',
    mayImport: [...machinery, 'apiserver'],
    hostFree: true,
    except: ['login/ldap', 'login/saml'],
  },
  { folder: 'client', mayImport: machinery, hostFree: true, except: ['client/https'] },
  { folder: 'reconcile', mayImport: client, hostFree: true },
  { folder: 'controllers', mayImport: reconcile, hostFree: true },
  { folder: 'scheduler', mayImport: reconcile, hostFree: true },
  {
    folder: 'kubelet',
    mayImport: reconcile,
    hostFree: true,
    except: [
      'kubelet/containerd',
      'kubelet/grpc',
      'kubelet/linux',
      'kubelet/server',
      'kubelet/volumes',
      'kubelet/images/pack-image',
      'kubelet/pod-certificates/stub-request',
      'kubelet/plugin-sockets',
      'kubelet/runtime/conformance',
      'kubelet/runtime/cri',
      'kubelet/runtime/wasm',
    ],
  },
  { folder: 'kubelet/pod', mayImport: [...reconcile, 'kubelet'], hostFree: true },
  { folder: 'kubelet/runtime/simulated', mayImport: [...reconcile, 'kubelet'], hostFree: true },
  { folder: 'proxy', mayImport: reconcile, hostFree: false },
  { folder: 'network', mayImport: reconcile, hostFree: false },
  { folder: 'dns', mayImport: reconcile, hostFree: false },
  { folder: 'cloud', mayImport: reconcile, hostFree: false },
  { folder: 'cluster', mayImport: everything, hostFree: false },
  { folder: 'cli', mayImport: ['cluster', 'client', ...machinery], hostFree: false },
]

/** Folders whose sub-folders are features that never import each other. */
export const featureFolders: readonly string[] = ['controllers', 'scheduler/plugins', 'apiserver/admission']

/** npm packages that import nothing of Node themselves. */
export const hostFreePackages: readonly string[] = ['ipaddr.js', 're2js', 'semver', 'sorted-btree', 'yaml']

/** What a host-free file may not name. */
export const hostGlobals: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\s*\)/,
  /\bperformance\s*\./,
  /\bsetTimeout\b/,
  /\bsetInterval\b/,
  /\bsetImmediate\b/,
  /\bqueueMicrotask\b/,
  /\bAbortSignal\.timeout\b/,
  /\bMath\.random\b/,
  /\bcrypto\s*\./,
  /\bprocess\s*\./,
  /\bBuffer\s*\./,
]

/** Names of a file's variables that all clusters of one process would share: those that change. */
export function sharedState(code: string): readonly string[] {
  const variables = [...code.matchAll(/^(?:export )?let (\w+)/gm)].map((match) => match[1] ?? '')
  const collections = [
    ...code.matchAll(/^(?:export )?const (\w+)[^=\n]*= (?:new (?:Map|Set|WeakMap|WeakSet|Array)\b|\[|\{)/gm),
  ]
    .map((match) => match[1] ?? '')
    .filter((name) =>
      new RegExp(
        `\\b${name}(?:\\.(?:set|add|delete|clear|push|pop|shift|unshift|splice|sort)\\(|\\[[^\\]]+\\] = )`,
      ).test(code),
    )
  return [...variables, ...collections]
}

export const limits = { linesOfAFile: 500 } as const

/** Feature gates whose names are also those of features that kubelets declare, where nobody asks for the gate. */
export const gatesOfNameOnly: readonly string[] = [
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
]
