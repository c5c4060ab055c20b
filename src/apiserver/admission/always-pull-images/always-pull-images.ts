import type { core } from '../../../api/generated/types/index.ts'
import { notSupported } from '../../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../../apimachinery/field-path.ts'
import { StatusError } from '../../../apimachinery/status-error.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../../admission.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Pod = core.v1.Pod
type Spec = core.v1.PodSpec

const always = 'Always'

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const

const imagesOf = ({ spec }: Pod): readonly string[] =>
  lists.flatMap((list) => (spec?.[list] ?? []).map(({ image = '' }) => image))

/** An update that brings no new image changes nothing of what is pulled. */
function isIgnored({ operation, object, oldObject }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return false
  const known = imagesOf(oldObject as Pod)
  return imagesOf(object as Pod).every((image) => known.includes(image))
}

function withAlways(spec: Spec): Spec {
  const { initContainers, ephemeralContainers, volumes } = spec
  const pull = <T extends { readonly imagePullPolicy?: string }>(container: T): T => ({
    ...container,
    imagePullPolicy: always,
  })
  return {
    ...spec,
    containers: spec.containers.map(pull),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(pull) }),
    ...(ephemeralContainers === undefined ? {} : { ephemeralContainers: ephemeralContainers.map(pull) }),
    ...(volumes === undefined
      ? {}
      : {
          volumes: volumes.map((volume) =>
            volume.image === undefined
              ? volume
              : { ...volume, image: { ...volume.image, pullPolicy: always } },
          ),
        }),
  }
}

/** Where something is not pulled always, and how it is. */
function violations(spec: Spec): readonly (readonly [FieldPath, string])[] {
  const path = fieldPath('spec')
  const ofContainers = lists.flatMap((list) =>
    (spec[list] ?? []).map(
      ({ imagePullPolicy = '' }, at) =>
        [path.child(list).index(at).child('imagePullPolicy'), imagePullPolicy] as const,
    ),
  )
  const ofVolumes = (spec.volumes ?? []).flatMap(({ image }, at) =>
    image === undefined
      ? []
      : [
          [
            path.child('volumes').index(at).child('image').child('pullPolicy'),
            image.pullPolicy ?? '',
          ] as const,
        ],
  )
  return [...ofContainers, ...ofVolumes].filter(([, policy]) => policy !== always)
}

/** Images are pulled for each pod, so that nobody uses those that only another may pull. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  handles: matches({ operations: ['CREATE', 'UPDATE'], resources: ['pods'] }),
  mutate: (attributes, object) => {
    const pod = object as Pod
    if (pod.spec === undefined || isIgnored(attributes)) return object
    const pulled: Pod = { ...pod, spec: withAlways(pod.spec) }
    return pulled
  },
  validate: (attributes) => {
    const { spec } = attributes.object as Pod
    if (spec === undefined || isIgnored(attributes)) return
    const refusals = violations(spec).map(([where, policy]) => {
      const { field, message } = notSupported(where, policy, [always])
      return refuse(attributes, `${field}: ${message}`)
    })
    const [first] = refusals
    if (first === undefined) return
    if (refusals.length === 1) throw first
    const texts = [...new Set(refusals.map(({ message }) => message))]
    throw new StatusError({ ...first.status, message: `[${texts.join(', ')}]` })
  },
}
