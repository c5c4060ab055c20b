import { featuresToUpdate } from '../../../api/core/pod/needed-features.ts'
import type { core } from '../../../api/generated/types/index.ts'
import type { AdmissionPlugin } from '../../admission.ts'
import type { ObjectReader } from '../../object-reader.ts'
import { typedReader } from '../../typed-reader.ts'
import { matches } from '../matches.ts'
import { refuse } from '../refusal.ts'

type Pod = core.v1.Pod

/** Refuses changes of bound pods that their nodes have not declared to be able to follow (KEP-5328). */
export function nodeDeclaredFeatureValidator(reader: ObjectReader): AdmissionPlugin {
  const nodes = typedReader<core.v1.Node>(reader, { group: '', resource: 'nodes' })
  return {
    name: 'NodeDeclaredFeatureValidator',
    handles: matches({ operations: ['UPDATE'], resources: ['pods'], subresources: ['', 'resize'] }),
    validate: (attributes) => {
      const [pod, old] = [attributes.object as Pod, attributes.oldObject as Pod]
      const nodeName = pod.spec?.nodeName ?? ''
      // The generation grows with every change of what is asked for.
      if (nodeName === '' || pod.metadata?.generation === old.metadata?.generation) return
      const needed = featuresToUpdate(old, pod)
      if (needed.length === 0) return
      const node = nodes.get('', nodeName)
      if (node === undefined) throw refuse(attributes, `node "${nodeName}" not found`)
      const declared = node.status?.declaredFeatures ?? []
      const missing = needed.filter((name) => !declared.includes(name))
      if (missing.length === 0) return
      const which = `${missing.join(', ')} which are not available on node "${nodeName}"`
      throw refuse(attributes, `pod update requires features ${which}`)
    },
  }
}
