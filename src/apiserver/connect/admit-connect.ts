import type { KindDeclaration } from '../../apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../apimachinery/meta.ts'
import type { AdmissionChain } from '../admission-chain.ts'
import type { ServerRequest } from '../request.ts'

/** What a connection is asked for, as upstream's `PodExecOptions` and its like. */
export interface ConnectOptions extends KubernetesObject {
  readonly stdin?: boolean
  readonly stdout?: boolean
  readonly stderr?: boolean
  readonly tty?: boolean
  readonly container?: string
  readonly command?: readonly string[]
  readonly ports?: readonly number[]
  readonly path?: string
}

/** The admission of a CONNECT; gives the options as the plugins leave them. Rejects with what refuses. */
export async function admitConnect(
  admission: AdmissionChain,
  request: ServerRequest,
  declaration: KindDeclaration,
  kind: string,
  options: ConnectOptions,
): Promise<ConnectOptions> {
  const { namespace, name, subresource } = request.info
  const input = {
    operation: 'CONNECT',
    declaration,
    kind: { group: '', version: 'v1', kind },
    subresource,
    namespace,
    name,
    oldObject: undefined,
    dryRun: false,
    options: {},
    request,
  } as const
  const sent: ConnectOptions = { kind, apiVersion: 'v1', ...options }
  const admitted: ConnectOptions = await admission.mutate({ ...input, object: sent }, sent)
  await admission.validate({ ...input, object: admitted })
  return admitted
}
