import type { FeatureGates } from '../apimachinery/feature-gates.ts'
import type { Metrics } from '../base/metrics.ts'
import { apiVersion, buildInfo } from './version.ts'

const stages = {
  PreAlpha: 'PRE-ALPHA',
  Alpha: 'ALPHA',
  Beta: 'BETA',
  GA: '',
  Deprecated: 'DEPRECATED',
} as const

/** What this program is, and which of the release's features are on. */
export function showRelease(metrics: Metrics, features: FeatureGates): void {
  const { gitVersion, gitCommit, buildDate, runtime, platform } = buildInfo()
  const [major = '', minor = ''] = apiVersion.split('.')
  metrics
    .gauge({
      name: 'kubernetes_build_info',
      help: "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      labels: [
        ...['major', 'minor', 'git_version', 'git_commit', 'git_tree_state'],
        ...['build_date', 'go_version', 'compiler', 'platform'],
      ],
    })
    .set(1, [major, minor, gitVersion, gitCommit, '', buildDate, '', runtime, platform])
  metrics
    .gauge({
      name: 'version_info',
      help: 'Provides the compatibility version info of the component. The component label is the name of the component, usually kube, but is relevant for aggregated-apiservers.',
      labels: ['binary', 'component', 'emulation', 'min_compat'],
    })
    .set(1, [gitVersion.replace(/^v/, ''), 'kube', apiVersion, `${major}.${Number(minor) - 1}`])
  const enabled = metrics.gauge({
    name: 'kubernetes_feature_enabled',
    help: 'This metric records the data about the stage and enablement of a k8s feature.',
    labels: ['name', 'stage'],
  })
  for (const { name, stage, enabled: isOn } of features.list())
    enabled.set(isOn ? 1 : 0, [name, stages[stage]])
}
