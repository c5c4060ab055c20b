import { apiServer } from '../../cluster/components/api-server.ts'
import { runComponent } from '../../cluster/components/run-component.ts'

export const apiserver = (args: readonly string[]): Promise<number> => runComponent(apiServer, args)
