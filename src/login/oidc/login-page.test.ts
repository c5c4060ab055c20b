import { expect, test } from 'vitest'
import { loginPage } from './login-page.ts'

test.each([
  ['http://127.0.0.1:5000/callback', 'http://127.0.0.1:5000'],
  ['https://app.example/back', 'https://app.example'],
  ['http://[::1]:5000/callback', 'http:'],
])('loginPage() lets its form lead to %s', (redirectUri, source) => {
  const answer = loginPage({ login: 'x', basePath: '', forms: [], redirectUri })
  const policy = 'headers' in answer ? answer.headers?.['content-security-policy'] : undefined
  expect(policy).toMatch(new RegExp(`; form-action 'self' ${source}$`))
})
