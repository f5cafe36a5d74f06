// Takes the pictures of docs/, from a server of its own with made-up data: node --import tsx scripts/screenshots.ts
// CHROMIUM names the browser where it is not `/usr/bin/chromium`.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const docs = join(root, 'docs')

const items = [
  ['Detergente da loiça', '1', 'Drogaria Central'],
  ['Café moído', '2', 'Mercearia do Sr. Rui'],
  ['Azeite virgem extra', '1', 'Mercearia do Sr. Rui'],
  ['Bacalhau demolhado', '3', 'Mercado'],
  ['Laranjas do Algarve', '8', 'Mercado'],
  ['Ovos', '12', 'Mercado'],
  ['Couve-galega', '1', 'Mercado'],
  ['Pão de Mafra', '2', 'Padaria'],
  ['Pastéis de nata', '6', 'Padaria']
] as const

const pictures: [string, BrowserContextOptions][] = [
  ['desktop', { viewport: { width: 1100, height: 880 } }],
  ['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }]
]

async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the server ended')
}

async function signUpAndFill(page: Page): Promise<void> {
  await page.goto('/signup')
  await page.fill('[name=name]', 'Ana Sousa')
  await page.fill('[name=email]', 'ana@exemplo.pt')
  await page.fill('[name=password]', 'uma frase curta')
  await page.click('main button')
  for (const [type, quantity, shop] of items) {
    await page.fill('[name=product_type]', type)
    await page.fill('[name=quantity]', quantity)
    await page.fill('[name=local]', shop)
    await page.click('.send')
    await page.locator('#items .i', { hasText: type }).waitFor()
  }
}

async function takePictures(url: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking']
  })
  try {
    const common = { baseURL: url, locale: 'pt-PT', reducedMotion: 'reduce' } as const
    const context = await browser.newContext(common)
    await signUpAndFill(await context.newPage())
    const storageState = await context.storageState()
    for (const [name, options] of pictures) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const window = await browser.newContext({ ...common, ...options, colorScheme, storageState })
        const page = await window.newPage()
        await page.goto('/carrinho/')
        await page.screenshot({ path: join(docs, `list-${name}-${colorScheme}.png`) })
        await window.close()
      }
    }
  } finally {
    await browser.close()
  }
}

spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' })
mkdirSync(docs, { recursive: true })
const dataDir = mkdtempSync(join(tmpdir(), 'carrinho-pictures-'))
const port = await freePort()
const server = spawn(process.execPath, [join(root, 'dist/cli.js'), 'serve'], {
  env: {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    SERVER_NAME: 'web01',
    DRAIN_MS: '0',
    LOG_LEVEL: 'error'
  },
  stdio: 'inherit'
})
try {
  await untilReady(`http://127.0.0.1:${port}`, server)
  await takePictures(`http://127.0.0.1:${port}`)
} finally {
  server.kill()
  await new Promise(resolve => server.once('exit', resolve))
  rmSync(dataDir, { recursive: true, force: true })
}
