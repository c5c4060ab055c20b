import { type Headers, type ServerResponse, textResponse } from '../../apiserver/response.ts'
import { notKept } from './oauth-error.ts'

const style =
  'body{font:16px system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem}' +
  'label,input,button,a.directory{display:block;width:100%;box-sizing:border-box;margin:.4rem 0}' +
  'input,button,a.directory{font:inherit;padding:.5rem}a.directory{text-align:center;border:1px solid}' +
  'p[role=alert]{color:#b00020}'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '')

export interface LoginForm {
  readonly name: string
  readonly title: string
  /** False: a link to where people log in. */
  readonly password: boolean
}

export interface LoginPage {
  readonly login: string
  readonly basePath: string
  readonly forms: readonly LoginForm[]
  /** Where the browser goes after a login: pages may send it nowhere else. */
  readonly redirectUri: string
  readonly alert?: string
}

function formOf({ name, title, password }: LoginForm, { login, basePath }: LoginPage): string {
  const hidden = `<input type="hidden" name="login" value="${escaped(login)}"><input type="hidden" name="directory" value="${escaped(name)}">`
  if (!password) {
    const query = new URLSearchParams({ login, directory: name })
    return `<p><a class="directory" href="${escaped(`${basePath}/login/elsewhere?${query}`)}">${escaped(title)}</a></p>`
  }
  return `<form method="post" action="${escaped(`${basePath}/login`)}"><h2>${escaped(title)}</h2>${hidden}<label>User name<input name="username" autocomplete="username" autofocus required></label><label>Password<input name="password" type="password" autocomplete="current-password" required></label><button>Log in</button></form>`
}

function page(
  title: string,
  body: string,
  status: number,
  formAction: string,
  headers: Headers,
): ServerResponse {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style><h1>${escaped(title)}</h1>${body}</html>`
  return textResponse(html, status, 'text/html; charset=utf-8', {
    ...notKept,
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action ${formAction}`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...headers,
  })
}

/**
 * Where a form's answer may redirect to, which browsers hold to the rule for forms as well. The grammar of a
 * Content-Security-Policy has no addresses in brackets: their scheme has to do.
 */
const sourceOf = ({ hostname, origin, protocol }: URL): string =>
  hostname.startsWith('[') ? protocol : origin

/** Where people choose their directory and give their password. */
export function loginPage(options: LoginPage, status = 200, headers: Headers = {}): ServerResponse {
  const alert = options.alert === undefined ? '' : `<p role="alert">${escaped(options.alert)}</p>`
  const forms = options.forms.map((form) => formOf(form, options)).join('')
  const formAction = `'self' ${sourceOf(new URL(options.redirectUri))}`
  return page('Log in', `${alert}${forms}`, status, formAction, headers)
}

/** What went wrong, where the browser can be sent nowhere. */
export const errorPage = (text: string, status: number, headers: Headers = {}): ServerResponse =>
  page('This login cannot go on', `<p role="alert">${escaped(text)}</p>`, status, "'none'", headers)
