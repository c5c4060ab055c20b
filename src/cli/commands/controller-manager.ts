import { controllerManager as component } from '../../cluster/components/controller-manager.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

export const controllerManager = (args: readonly string[]): Promise<number> => runComponent(component, args)
