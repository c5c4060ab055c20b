import { defaultPodTemplate } from '../../core/pod/defaults/pod-spec-defaults.ts'
import { fill, set } from '../../defaulting.ts'
import type { apps } from '../../generated/types/index.ts'

function defaultStrategy(strategy: apps.v1.DeploymentStrategy = {}): apps.v1.DeploymentStrategy {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed.type !== 'RollingUpdate') return typed
  const rollingUpdate = fill(typed.rollingUpdate ?? {}, { maxUnavailable: '25%', maxSurge: '25%' })
  return set(typed, 'rollingUpdate', rollingUpdate)
}

export function defaultDeployment(deployment: apps.v1.Deployment): apps.v1.Deployment {
  if (deployment.spec === undefined) return deployment
  let spec = fill(deployment.spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  spec = set(spec, 'strategy', defaultStrategy(spec.strategy))
  if (spec.template !== undefined) spec = set(spec, 'template', defaultPodTemplate(spec.template))
  return set(deployment, 'spec', spec)
}
