import { FeatureGates } from '../apimachinery/feature-gates.ts'
import { featureDependencies } from './feature-dependencies.ts'
import { featureSwitches } from './feature-switches.ts'
import { featureGateFacts } from './generated/feature-gates.ts'

/** The gates of this release with what an operator set. */
export const featureGates = (settings: ReadonlyMap<string, boolean>): FeatureGates =>
  new FeatureGates(featureGateFacts, settings, featureSwitches, featureDependencies)

/** As the release has them. */
export const defaultFeatures: FeatureGates = featureGates(new Map())
