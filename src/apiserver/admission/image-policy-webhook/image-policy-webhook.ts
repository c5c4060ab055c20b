import type { core } from '../../../api/generated/types/index.ts'
import { AnswerCache } from '../../../base/answer-cache.ts'
import type { Host } from '../../../base/host.ts'
import { isRecord } from '../../../base/is-record.ts'
import type { Logger } from '../../../base/logger.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import { annotateForeign } from '../../dynamic-admission/annotate-foreign.ts'
import type { OutsideCaller } from '../../outside/outside-caller.ts'
import { ReviewPoster } from '../../outside/review-poster.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

/** Whom the plugin asks, and for how long an answer counts. Times are milliseconds; 0: asked each time. */
export interface ImagePolicy {
  readonly url: string
  readonly caller: OutsideCaller
  readonly allowedLifeMs: number
  readonly deniedLifeMs: number
  readonly firstDelayMs: number
  /** Lets images in where nobody answers. */
  readonly defaultAllow: boolean
}

export interface ImagePolicyOptions {
  readonly host: Host
  readonly logger: Logger
  readonly policy: ImagePolicy
}

interface Verdict {
  readonly allowed: boolean
  readonly reason: string
  readonly auditAnnotations: Readonly<Record<string, string>>
}

/** Upstream's numbers. */
const maxAnswers = 1024
const timeoutMs = 30_000
const auditPrefix = 'imagepolicywebhook.image-policy.k8s.io/'
const ownAnnotation = '.image-policy.k8s.io/'

/** The images of a new pod, or those for debugging that come to one. */
function imagesOf({ spec }: core.v1.Pod, subresource: string): readonly (string | undefined)[] {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? {}
  const shown = subresource === '' ? [...containers, ...initContainers] : ephemeralContainers
  return shown.map(({ image }) => image)
}

function specOf(attributes: AdmissionAttributes): object {
  const pod = attributes.object as core.v1.Pod
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key]) => key.includes(ownAnnotation))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const images = imagesOf(pod, attributes.subresource)
  return {
    ...(images.length === 0 ? {} : { containers: images.map((image) => (image ? { image } : {})) }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    ...(attributes.namespace === '' ? {} : { namespace: attributes.namespace }),
  }
}

function verdictOf(answer: unknown): Verdict {
  const status = isRecord(answer) && isRecord(answer.status) ? answer.status : {}
  const { allowed, reason, auditAnnotations } = status
  const annotations = isRecord(auditAnnotations) ? Object.entries(auditAnnotations) : []
  return {
    allowed: allowed === true,
    reason: typeof reason === 'string' ? reason : '',
    auditAnnotations: Object.fromEntries(annotations.map(([key, value]) => [key, String(value)])),
  }
}

/** Asks a server of the administrator's about images (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook). */
export function imagePolicyWebhook({ host, logger, policy }: ImagePolicyOptions): AdmissionPlugin {
  const { url, caller, allowedLifeMs, deniedLifeMs, firstDelayMs, defaultAllow } = policy
  const poster = new ReviewPoster({ host, caller, url, timeoutMs, firstDelayMs })
  const answers = new AnswerCache<Verdict>(host, maxAnswers)
  const lifeMs = ({ allowed }: Verdict): number => (allowed ? allowedLifeMs : deniedLifeMs)

  async function ask(spec: object): Promise<Verdict> {
    const review = {
      kind: 'ImageReview',
      apiVersion: 'imagepolicy.k8s.io/v1alpha1',
      metadata: {},
      spec,
      status: { allowed: false },
    }
    return verdictOf(await poster.post(review))
  }

  async function verdictFor(attributes: AdmissionAttributes): Promise<Verdict | undefined> {
    const spec = specOf(attributes)
    try {
      return await answers.get(JSON.stringify(spec), () => ask(spec), lifeMs)
    } catch (error) {
      logger.info('error contacting webhook backend', { error })
      if (!defaultAllow) throw refuse(attributes, messageOf(error))
      attributes.annotate(`${auditPrefix}failed-open`, 'true')
      return undefined
    }
  }

  return {
    name: 'ImagePolicyWebhook',
    handles: matches({
      operations: ['CREATE', 'UPDATE'],
      resources: ['pods'],
      subresources: ['', 'ephemeralcontainers'],
    }),
    validate: async (attributes) => {
      const verdict = await verdictFor(attributes)
      if (verdict === undefined) return
      for (const [key, value] of Object.entries(verdict.auditAnnotations))
        annotateForeign(attributes, auditPrefix + key, value)
      if (verdict.allowed) return
      const { reason } = verdict
      const denied = 'image policy webhook backend denied one or more images: '
      throw refuse(
        attributes,
        reason === '' ? 'one or more images rejected by webhook backend' : denied + reason,
      )
    },
  }
}
