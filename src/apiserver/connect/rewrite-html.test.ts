import { describe, expect, it } from 'vitest'
import { rewriteHtml, rewritePath } from './rewrite-html.ts'

const prefix = '/api/v1/namespaces/n/pods/p/proxy'
const hosts = ['10.0.0.1:80', '10.0.0.1']

describe('rewriteHtml()', () => {
  it.each([
    ['<a href="/rewriteme">test</a>', `<a href="${prefix}/rewriteme">test</a>`],
    ["<IMG alt='x' SRC='/i.png'/>", `<IMG alt='x' SRC='${prefix}/i.png'/>`],
    ['<a href=/bare>', `<a href=${prefix}/bare>`],
    ['<a href="relative">', '<a href="relative">'],
    ['<a href="//other/x">', '<a href="//other/x">'],
    ['<a href="http://10.0.0.1:80/x">', `<a href="${prefix}/x">`],
    ['<a href="http://example.org/x">', '<a href="http://example.org/x">'],
    ['<p title="/x">', '<p title="/x">'],
    ['1 < 2 /x "y"', '1 < 2 /x "y"'],
  ])('%s', (html, expected) => {
    expect(rewriteHtml(html, prefix, hosts)).toBe(expected)
  })

  it('rewrites redirects', () => {
    expect(rewritePath('/login', prefix, hosts)).toBe(`${prefix}/login`)
    expect(rewritePath('http://10.0.0.1', prefix, hosts)).toBe(`${prefix}/`)
  })
})
