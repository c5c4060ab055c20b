import { AbacAuthorizer } from '../../apiserver/authorization/abac-authorizer.ts'
import { messageOf } from '../../base/message-of.ts'
import type { ApiServerFlags } from '../components/api-server-options.ts'
import { readKubeconfig } from '../components/connection.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { readFlagFile } from '../components/read-pem.ts'
import { type AuthorizationOptions, type AuthorizerChoice, plainAuthorizers } from './access-options.ts'
import { authorizationConfig } from './authorization-config.ts'

/** Upstream's name for the webhook of the flags. */
const flagWebhook = 'default'
const webhookTimeoutMs = 30_000

/** Flags that a configuration file stands for. */
const replaced = [
  ...['authorization-mode', 'authorization-webhook-config-file', 'authorization-webhook-version'],
  ...['authorization-webhook-cache-authorized-ttl', 'authorization-webhook-cache-unauthorized-ttl'],
]

function flagError(error: unknown): FlagError {
  return new FlagError(messageOf(error))
}

function abacOf(flags: ApiServerFlags): AbacAuthorizer | undefined {
  const file = flags['authorization-policy-file']
  const text = readFlagFile('authorization-policy-file', file)
  if (text === undefined) return undefined
  try {
    return new AbacAuthorizer(file ?? '', text)
  } catch (error) {
    throw flagError(error)
  }
}

function fromFile(path: string, flags: ApiServerFlags, given: ReadonlySet<string>): AuthorizationOptions {
  if (replaced.some((flag) => given.has(flag))) {
    throw new FlagError(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    )
  }
  const text = readFlagFile('authorization-config', path) ?? ''
  try {
    const authorizers = authorizationConfig(text, [])
    const types = authorizers.map(({ type }) => type).filter((type) => type !== 'Webhook')
    const parse = (changed: string): readonly AuthorizerChoice[] => {
      const choices = authorizationConfig(changed, types)
      const added = choices.find(({ type }) => type !== 'Webhook' && !types.includes(type))
      // What has no state may come later, as upstream lets it.
      if (added === undefined || added.type.startsWith('Always')) return choices
      throw new Error(
        `authorizer type ${added.type} is not allowed if it was not enabled at initial server startup`,
      )
    }
    const abac = abacOf(flags)
    return { authorizers, ...(abac === undefined ? {} : { abac }), file: { path, text, parse } }
  } catch (error) {
    throw flagError(error)
  }
}

function webhookChoice(flags: ApiServerFlags): AuthorizerChoice {
  const file = flags['authorization-webhook-config-file']
  if (file === undefined)
    throw new FlagError("authorization-mode Webhook's authorization config file not passed")
  const {
    server,
    namespace: _namespace,
    ...trust
  } = readKubeconfig('authorization-webhook-config-file', file, undefined)
  return {
    type: 'Webhook',
    name: flagWebhook,
    trust,
    settings: {
      name: flagWebhook,
      url: server,
      reviewVersion: flags['authorization-webhook-version'],
      allowedLifeMs: flags['authorization-webhook-cache-authorized-ttl'],
      deniedLifeMs: flags['authorization-webhook-cache-unauthorized-ttl'],
      timeoutMs: webhookTimeoutMs,
      onFailure: 'no-opinion',
      conditions: [],
    },
  }
}

function choiceOf(mode: string, flags: ApiServerFlags): AuthorizerChoice {
  if (mode === 'Webhook') return webhookChoice(flags)
  const name = mode.toLowerCase()
  if (mode === 'ABAC') {
    if (flags['authorization-policy-file'] !== undefined) return { type: mode, name }
    throw new FlagError("authorization-mode ABAC's authorization policy file not passed")
  }
  const type = plainAuthorizers.find((each) => each === mode)
  if (type === undefined) throw new FlagError(`authorization-mode "${mode}" is not a valid mode`)
  return { type, name }
}

/** Who decides, as the flags say it. Throws FlagError in upstream's words. */
export function authorizationOptions(
  flags: ApiServerFlags,
  given: ReadonlySet<string>,
): AuthorizationOptions {
  const file = flags['authorization-config']
  if (file !== undefined) return fromFile(file, flags, given)
  const modes = flags['authorization-mode'].length === 0 ? ['AlwaysAllow'] : flags['authorization-mode']
  const choices = modes.map((mode) => choiceOf(mode, flags))
  if (flags['authorization-policy-file'] !== undefined && !modes.includes('ABAC'))
    throw new FlagError('cannot specify --authorization-policy-file without mode ABAC')
  if (flags['authorization-webhook-config-file'] !== undefined && !modes.includes('Webhook'))
    throw new FlagError('cannot specify --authorization-webhook-config-file without mode Webhook')
  if (new Set(modes).size !== modes.length) {
    const shown = modes.map((mode) => JSON.stringify(mode)).join(' ')
    throw new FlagError(`authorization-mode [${shown}] has mode specified more than once`)
  }
  const abac = abacOf(flags)
  return { authorizers: choices, ...(abac === undefined ? {} : { abac }) }
}
