import { runComponent } from '../../cluster/components/run-component.ts'
import { loginServer } from '../../cluster/login/login-server.ts'

export const runLoginServer = (args: readonly string[]): Promise<number> => runComponent(loginServer, args)
