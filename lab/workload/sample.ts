// Puts the guide's sample accounts and items in, through the site's own forms, once the site answers. Harmless to repeat.
import { setTimeout as sleep } from 'node:timers/promises'
import { Browser, findForm } from './browser.ts'

const site = process.env.SITE ?? 'http://localhost:8080'
const password = 'palavra-passe-do-guia'
const accounts = [
  {
    name: 'Inês',
    email: 'ines@example.org',
    items: [
      ['Laranjas', '5', 'Mercado da Ribeira'],
      ['Peras', '3', 'Mercado da Ribeira']
    ]
  },
  { name: 'Duarte', email: 'duarte@example.org', items: [['Maçãs', '2', 'Mercado da Ribeira']] }
] as const

async function isReady(): Promise<boolean> {
  try {
    return (await new Browser(site, false).get('/health/ready', { timeoutMs: 2_000 })).status === 200
  } catch {
    return false
  }
}

async function fill(account: (typeof accounts)[number]): Promise<void> {
  const browser = new Browser(site)
  const list = async () => browser.get('/carrinho/', { accept: 'application/json' })
  const login = findForm((await browser.get('/login')).body, '/login')
  await browser.post('/login', { ...login, email: account.email, password })
  // Items are for a new account alone: what its owner deleted must not come back with the next start.
  if ((await list()).status !== 200) {
    const signup = findForm((await browser.get('/signup')).body, '/signup')
    await browser.post('/signup', { ...signup, name: account.name, email: account.email, password })
    for (const [type, quantity, shop] of account.items) {
      const form = findForm((await browser.get('/carrinho/')).body, '/carrinho/')
      await browser.post('/carrinho/', { ...form, product_type: type, quantity, local: shop })
    }
  }
  browser.close()
  console.log(`sample data: ${account.email} (${password})`)
}

for (let tries = 0; !(await isReady()); tries += 1) {
  if (tries === 240) throw new Error(`${site} was not ready within four minutes`)
  await sleep(1_000)
}
for (const account of accounts) await fill(account)
