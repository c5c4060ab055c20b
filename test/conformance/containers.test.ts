import { lacksKubectl } from '../e2e/support/requirements.ts'
import { apiExtension } from './containers/api-extension.ts'
import { authTokens } from './containers/auth-tokens.ts'
import { cliApplications } from './containers/cli-applications.ts'
import { networkDns } from './containers/network-dns.ts'
import { networkPods } from './containers/network-pods.ts'
import { networkProxy } from './containers/network-proxy.ts'
import { networkServices } from './containers/network-services.ts'
import { nodeEndings } from './containers/node-endings.ts'
import { nodeEnvironment } from './containers/node-environment.ts'
import { nodeHooks } from './containers/node-hooks.ts'
import { nodeImageVolume } from './containers/node-image-volume.ts'
import { nodePods } from './containers/node-pods.ts'
import { nodeProbes } from './containers/node-probes.ts'
import { nodeResize } from './containers/node-resize.ts'
import { nodeSecurity } from './containers/node-security.ts'
import { nodeSubPaths } from './containers/node-sub-paths.ts'
import { storageEmptyDir } from './containers/storage-empty-dir.ts'
import { storageObjects } from './containers/storage-objects.ts'
import { storagePodData } from './containers/storage-pod-data.ts'
import { containerBehaviours } from './support/container-suite.ts'

// One cluster for all of them: what takes longest goes first, and everything else runs beside it.
containerBehaviours('Containers', [
  [nodeProbes, []],
  [nodeEndings, []],
  [nodeHooks, []],
  [nodeSubPaths, []],
  [nodeResize, []],
  [networkServices, []],
  [networkDns, []],
  [networkPods, []],
  [networkProxy, []],
  [cliApplications, lacksKubectl],
  [apiExtension, []],
  [authTokens, []],
  [nodePods, []],
  [nodeImageVolume, []],
  [nodeSecurity, []],
  [nodeEnvironment, []],
  [storageObjects, []],
  [storagePodData, []],
  [storageEmptyDir, []],
])
