import { request } from 'node:https'

export interface Page {
  readonly status: number
  readonly location: string
  readonly text: string
}

/** As much of a browser as a login needs: it keeps cookies, posts forms, and follows nobody by itself. */
export class TestBrowser {
  readonly cookies = new Map<string, string>()
  readonly #authority: string

  constructor(authority: string) {
    this.#authority = authority
  }

  open(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return new Promise((resolve, reject) => {
      const call = request(url, {
        method: form === undefined ? 'GET' : 'POST',
        ca: this.#authority,
        agent: false,
        headers: {
          cookie,
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
      })
      call.on('error', reject)
      call.on('response', (message) => {
        for (const set of message.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
          if (value === '') this.cookies.delete(name)
          else this.cookies.set(name, value)
        }
        let text = ''
        message.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        const { statusCode: status = 0, headers } = message
        message.on('end', () => resolve({ status, text, location: headers.location ?? '' }))
      })
      call.end(form === undefined ? undefined : String(new URLSearchParams(form)))
    })
  }
}

/** A hidden field of a page's form. */
export const fieldOf = ({ text }: Page, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? ''
