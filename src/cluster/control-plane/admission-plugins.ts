export {
  type AdmissionParts,
  orderedPlugins as admissionPlugins,
} from '../../apiserver/admission/ordered-plugins.ts'
