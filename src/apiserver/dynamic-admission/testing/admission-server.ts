import { MutatingAdmissionPolicy } from '../../../api/admissionregistration/mutating-admission-policy/kind.ts'
import { MutatingAdmissionPolicyBinding } from '../../../api/admissionregistration/mutating-admission-policy-binding/kind.ts'
import { MutatingWebhookConfiguration } from '../../../api/admissionregistration/mutating-webhook-configuration/kind.ts'
import { ValidatingAdmissionPolicy } from '../../../api/admissionregistration/validating-admission-policy/kind.ts'
import { ValidatingAdmissionPolicyBinding } from '../../../api/admissionregistration/validating-admission-policy-binding/kind.ts'
import { ValidatingWebhookConfiguration } from '../../../api/admissionregistration/validating-webhook-configuration/kind.ts'
import { builtInSchemas } from '../../../api/schemas.ts'
import { PolicyEnvironments } from '../../../apimachinery/cel/index.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { PrometheusMetrics } from '../../../base/prometheus.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { BackendConnector } from '../../connect/backend.ts'
import { type CustomServer, parsed, startCustomServer } from '../../custom-resources/testing/custom-server.ts'
import { testKinds } from '../../testing/test-kinds.ts'
import { everythingAllowed, type TestServerOptions } from '../../testing/test-server.ts'
import { AdmissionMetrics } from '../admission-metrics.ts'
import { ObjectForms } from '../object-forms.ts'
import type { PolicyPluginOptions } from '../policies/policy-plugin-options.ts'
import { ServedParams } from '../policies/served-params.ts'
import type { WebhookPluginOptions } from '../webhooks/webhook-plugin-options.ts'

export interface Review {
  readonly uid: string
  readonly operation: string
  readonly name?: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly subResource?: string
  readonly object: Readonly<Record<string, unknown>> | null
  readonly oldObject: Readonly<Record<string, unknown>> | null
  readonly [key: string]: unknown
}

/** Gives the response of a review, or throws what the connection fails with. */
export type Hook = (request: Review, version: string) => object | Promise<object>

export interface AdmissionServer extends CustomServer {
  /** The webhooks by their path. */
  readonly hooks: Map<string, Hook>
  readonly metrics: PrometheusMetrics
  create(path: string, object: object): Promise<Record<string, unknown>>
}

/** Base64 of a JSON patch. */
export const patchOf = (operations: readonly object[]): { patch: string; patchType: string } => ({
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  patchType: 'JSONPatch',
})

function connectorTo(hooks: ReadonlyMap<string, Hook>): BackendConnector {
  return {
    request: async ({ target, body }) => {
      const path = target.split('?')[0] ?? ''
      const hook = hooks.get(path)
      if (hook === undefined) throw new Error('dial tcp 127.0.0.1:443: connect: connection refused')
      const { request, apiVersion, kind } = JSON.parse(new TextDecoder().decode(body))
      const response = await hook(request, apiVersion)
      const answer = JSON.stringify({ apiVersion, kind, response: { uid: request.uid, ...response } })
      const bytes = [new TextEncoder().encode(answer)]
      return {
        status: 200,
        headers: [],
        body: (async function* () {
          yield* bytes
        })(),
      }
    },
    upgrade: () => Promise.reject(new Error('webhooks are not upgraded')),
  }
}

export const configurations = '/apis/admissionregistration.k8s.io/v1'

/** A webhook that is asked at `https://hooks.test/<path>` about ConfigMaps. */
export const hookAt = (path: string, more: object = {}): object => ({
  name: `${path}.example.com`,
  clientConfig: { url: `https://hooks.test/${path}` },
  rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})

/** A server with admission that is configured, whose webhooks are functions. */
export async function startAdmissionServer(
  plugins: (options: WebhookPluginOptions & PolicyPluginOptions) => readonly AdmissionPlugin[],
  more: Pick<TestServerOptions, 'audit'> = {},
): Promise<AdmissionServer> {
  const hooks = new Map<string, Hook>()
  const metrics = new PrometheusMetrics()
  const server = await startCustomServer({
    ...more,
    kinds: [
      ...testKinds,
      MutatingWebhookConfiguration,
      ValidatingWebhookConfiguration,
      MutatingAdmissionPolicy,
      MutatingAdmissionPolicyBinding,
      ValidatingAdmissionPolicy,
      ValidatingAdmissionPolicyBinding,
    ],
    admission: (core, custom) =>
      plugins({
        host: realHost,
        logger: silentLogger,
        metrics: new AdmissionMetrics(metrics),
        registry: metrics,
        params: new ServedParams({
          kinds: core.options.kinds,
          served: core.served,
          reader: core.reader,
          custom,
        }),
        environments: new PolicyEnvironments(),
        reader: core.reader,
        authorizer: everythingAllowed,
        connector: connectorTo(hooks),
        forms: new ObjectForms({
          kinds: core.options.kinds,
          decoder: core.decoder,
          schemas: builtInSchemas,
          custom,
        }),
      }),
  })
  return {
    ...server,
    hooks,
    metrics,
    create: async (path, object) => {
      const answer = await server.call('POST', path, object)
      if (answer.status !== 201) throw new Error(answer.text)
      return parsed(answer)
    },
  }
}
