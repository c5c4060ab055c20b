import { builtInSchemas } from '../../api/schemas.ts'
import { choosePlugins } from '../../apiserver/admission/choose-plugins.ts'
import { type AdmissionParts, orderedPlugins } from '../../apiserver/admission/ordered-plugins.ts'
import { defaultPluginConfiguration } from '../../apiserver/admission/plugin-configuration.ts'
import type { AdmissionPlugin } from '../../apiserver/admission.ts'
import type { ApiServer } from '../../apiserver/api-server.ts'
import { apiVersionOf } from '../../apiserver/cache/layout.ts'
import {
  type ManifestFolders,
  manifestPlugins,
} from '../../apiserver/dynamic-admission/manifests/manifest-folder.ts'
import { startManifests, stopManifests } from '../../apiserver/dynamic-admission/manifests/start-manifests.ts'
import { ObjectForms } from '../../apiserver/dynamic-admission/object-forms.ts'
import { ServedParams } from '../../apiserver/dynamic-admission/policies/served-params.ts'
import type { ServerCore } from '../../apiserver/server-core.ts'
import { serverId } from '../access/server-id.ts'
import { kubernetesVersion } from '../version.ts'
import type { ApiServerSetup } from './api-server.ts'

export interface Admission {
  readonly plugins: readonly AdmissionPlugin[]
  stop(): void
}

/** Nobody reads the files of plugins that are off. */
function chosenFolders(folders: ManifestFolders, disabled: readonly string[]): ManifestFolders {
  const chosen = manifestPlugins.filter((plugin) => !disabled.includes(plugin))
  return Object.fromEntries(chosen.map((plugin) => [plugin, folders[plugin]]))
}

/** The plugins that run. Throws an Error that says what is wrong with what they are told. */
export function makeAdmission(
  { setup, core }: { readonly setup: ApiServerSetup; readonly core: ServerCore },
  parts: Pick<AdmissionParts, 'authorizer' | 'rbac' | 'connector' | 'features' | 'transport'>,
  server: () => ApiServer,
): Admission {
  const { host, logger, metrics } = setup
  const { reader, writer, served, decoder } = core
  const { kinds } = core.options
  const custom = (): ApiServer['custom'] => server().custom
  const configuration = setup.admissionConfiguration ?? defaultPluginConfiguration
  const manifests = startManifests({
    ...{ host, logger, metrics, features: parts.features, decoder, schemas: builtInSchemas },
    folders: chosenFolders(configuration.manifests, setup.admission.disable),
    serverId: serverId(),
  })
  const stop = (): void => stopManifests(manifests)
  try {
    const all = orderedPlugins({
      ...parts,
      ...{ host, logger, metrics, reader, writer, configuration, manifests },
      forms: new ObjectForms({ kinds, decoder, schemas: builtInSchemas, custom }),
      params: new ServedParams({ kinds, served, reader, custom }),
      minor: Number(kubernetesVersion.split('.')[1]),
      findOwner: (apiVersion, kind) =>
        served.list().find((each) => each.kind.kind === kind && apiVersionOf(each.kind) === apiVersion)?.kind,
    })
    return { plugins: choosePlugins(all, setup.admission), stop }
  } catch (error) {
    stop()
    throw error
  }
}
