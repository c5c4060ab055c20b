import type { networking } from '../../../api/generated/types/index.ts'
import { timeMs } from '../../../apimachinery/time.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'

type Ingress = networking.v1.Ingress
type IngressClass = networking.v1.IngressClass

const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class'
const classAnnotation = 'kubernetes.io/ingress.class'

const createdMs = ({ metadata }: IngressClass): number => timeMs(metadata?.creationTimestamp ?? '')

/** Of several defaults the newest counts, of equally new ones the first by name. */
const newest = (a: IngressClass, b: IngressClass): number =>
  createdMs(b) - createdMs(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)

/** An ingress that names no class gets the default one. */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  const classes = typedReader<IngressClass>(reader, {
    group: 'networking.k8s.io',
    resource: 'ingressclasses',
  })
  return {
    name: 'DefaultIngressClass',
    handles: matches({ operations: ['CREATE'], resources: ['ingresses.networking.k8s.io'] }),
    mutate: (_attributes, object) => {
      const ingress = object as Ingress
      const annotated = ingress.metadata?.annotations?.[classAnnotation]
      if (ingress.spec?.ingressClassName !== undefined || annotated !== undefined) return object
      const [found] = classes
        .list()
        .filter(({ metadata }) => metadata?.annotations?.[defaultAnnotation] === 'true')
        .toSorted(newest)
      const ingressClassName = found?.metadata?.name
      if (ingressClassName === undefined) return object
      const classed: Ingress = { ...ingress, spec: { ...ingress.spec, ingressClassName } }
      return classed
    },
  }
}
