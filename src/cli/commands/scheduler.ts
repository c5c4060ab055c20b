import { runComponent } from '../../cluster/components/run-component.ts'
import { scheduler as component } from '../../cluster/components/scheduler.ts'

export const scheduler = (args: readonly string[]): Promise<number> => runComponent(component, args)
