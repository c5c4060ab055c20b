import { proxy as component } from '../../cluster/components/proxy/proxy.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

export const proxy = (args: readonly string[]): Promise<number> => runComponent(component, args)
