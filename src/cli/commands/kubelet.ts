import { kubelet as component } from '../../cluster/components/kubelet/kubelet.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

export const kubelet = (args: readonly string[]): Promise<number> => runComponent(component, args)
