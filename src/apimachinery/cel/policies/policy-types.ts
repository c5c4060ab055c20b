import {
  boolDecl,
  dynDecl,
  intDecl,
  listDecl,
  mapDecl,
  objectDecl,
  stringDecl,
  timestampDecl,
} from '../types/decl-type.ts'

const kindDecl = objectDecl('kubernetes.GroupVersionKind', {
  group: stringDecl,
  version: stringDecl,
  kind: stringDecl,
})
const resourceDecl = objectDecl('kubernetes.GroupVersionResource', {
  group: stringDecl,
  version: stringDecl,
  resource: stringDecl,
})
const userDecl = objectDecl('kubernetes.UserInfo', {
  username: stringDecl,
  uid: stringDecl,
  groups: listDecl(stringDecl),
  extra: mapDecl(stringDecl, listDecl(stringDecl)),
})

/** The variable `request`. */
export const requestDecl = objectDecl('kubernetes.AdmissionRequest', {
  kind: kindDecl,
  resource: resourceDecl,
  subResource: stringDecl,
  requestKind: kindDecl,
  requestResource: resourceDecl,
  requestSubResource: stringDecl,
  name: stringDecl,
  namespace: stringDecl,
  operation: stringDecl,
  userInfo: userDecl,
  dryRun: boolDecl,
  options: dynDecl,
})

const strings = mapDecl(stringDecl, stringDecl)

const metadataDecl = objectDecl('kubernetes.NamespaceMetadata', {
  name: stringDecl,
  generateName: stringDecl,
  namespace: stringDecl,
  labels: strings,
  annotations: strings,
  UID: stringDecl,
  creationTimestamp: timestampDecl,
  deletionGracePeriodSeconds: intDecl,
  deletionTimestamp: timestampDecl,
  generation: intDecl,
  resourceVersion: stringDecl,
  finalizers: listDecl(stringDecl),
})

const conditionDecl = objectDecl('kubernetes.NamespaceCondition', {
  status: stringDecl,
  type: stringDecl,
  lastTransitionTime: timestampDecl,
  message: stringDecl,
  reason: stringDecl,
})

/** The variable `namespaceObject`. */
export const namespaceDecl = objectDecl('kubernetes.Namespace', {
  metadata: metadataDecl,
  spec: objectDecl('kubernetes.NamespaceSpec', { finalizers: listDecl(stringDecl) }),
  status: objectDecl('kubernetes.NamespaceStatus', {
    conditions: listDecl(conditionDecl),
    phase: stringDecl,
  }),
})
