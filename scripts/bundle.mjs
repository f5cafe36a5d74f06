import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build } from 'esbuild'

/** The oldest that everything has to work in; `test/browser/old-browsers.ts` holds it to that. */
const BROWSERS = ['safari14', 'chrome87', 'firefox84']

const compressors = {
  br: content => promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: content => promisify(gzip)(content, { level: 9 })
}

const filesIn = async folder =>
  (await readdir(folder, { withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(folder, entry.name))

const PUBLIC_PATH = '/static'

/** The one script that fetches another. Each is a file whole: what both use is in both, or it would be a third to wait for. */
const isApp = file => basename(file) === 'app.ts'
const fetchedLater = names => ({
  name: 'a script that is fetched by its hashed name',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === 'dynamic-import'
        ? { path: `${PUBLIC_PATH}/${names[basename(path).replace(/\.ts$/, '.js')]}`, external: true }
        : undefined
    )
  }
})

/** Of hundreds of small files, which each start of a server would look up and read one by one. */
const MERGED = ['typebox', 'drizzle-orm']

const isMerged = path => MERGED.some(name => path === name || path.startsWith(`${name}/`))
const isOfMerged = file => MERGED.some(name => file.includes(`/node_modules/${name}/`))
const namesMerged = new RegExp(`from '(?:${MERGED.join('|')})['/]`)

/** Puts what is used of the packages in MERGED into a few files beside ours, which stay as they are, each in its place. */
export async function mergePackages(files, inDir) {
  const texts = await Promise.all(files.map(file => readFile(file, 'utf8')))
  await build({
    absWorkingDir: inDir,
    entryPoints: files.filter((_, index) => namesMerged.test(texts[index])),
    outdir: inDir,
    outbase: inDir,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    chunkNames: 'packages/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    logLevel: 'warning',
    plugins: [
      {
        name: 'all else stays where it is',
        setup(build) {
          build.onResolve({ filter: /./ }, ({ path, kind, importer }) =>
            kind === 'entry-point' || isMerged(path) || isOfMerged(importer) ? undefined : { path, external: true }
          )
        }
      }
    ]
  })
}

/**
 * Makes what browsers get, into an emptied `toDir`: a bundle of each script directly in web/ and each file of static/, under
 * a name with a hash of what is in it, with compressed siblings. `manifest.json` has for each plain name the hashed one.
 */
export async function bundle(root, toDir) {
  await rm(toDir, { recursive: true, force: true })
  const scripts = (await filesIn(join(root, 'web'))).filter(file => /(?<!\.d)\.ts$/.test(file))
  const others = await filesIn(join(root, 'static'))
  const names = {}
  const make = async (entryPoints, plugins = []) => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints,
      plugins,
      outdir: toDir,
      entryNames: '[name].[hash]',
      assetNames: '[name].[hash]',
      // What is in pages, too, is not beside what it names there.
      publicPath: PUBLIC_PATH,
      loader: { '.svg': 'copy' },
      bundle: true,
      minify: true,
      format: 'esm',
      charset: 'utf8',
      target: BROWSERS,
      // esbuild takes Safari 14.0 for a browser without it, for a bug in a corner that nothing here comes near.
      supported: { destructuring: true },
      metafile: true,
      logLevel: 'warning'
    })
    for (const output of Object.keys(metafile.outputs)) {
      const name = basename(output)
      names[name.replace(/\.[0-9A-Z]{8}(?=\.\w+$)/, '')] = name
    }
  }
  const [last, first] = [scripts.filter(isApp), scripts.filter(file => !isApp(file))]
  await make([...first, ...others.filter(file => extname(file) !== '.webmanifest')])
  await make(last, [fetchedLater(names)])
  for (const file of others.filter(other => extname(other) === '.webmanifest')) await addWebManifest(file, names, toDir)
  await Promise.all(Object.values(names).map(name => compress(join(toDir, name))))
  await writeFile(join(toDir, 'manifest.json'), JSON.stringify(names))
}

/** esbuild does not look into it: its icons get their hashed names here. */
async function addWebManifest(file, names, toDir) {
  const content = JSON.parse(await readFile(file, 'utf8'))
  for (const icon of content.icons) icon.src = names[icon.src]
  const text = JSON.stringify(content)
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase()
  const name = basename(file)
  names[name] = name.replace('.', `.${hash}.`)
  await writeFile(join(toDir, names[name]), text)
}

async function compress(file) {
  const content = await readFile(file)
  await Promise.all(
    Object.entries(compressors).map(async ([suffix, make]) => writeFile(`${file}.${suffix}`, await make(content)))
  )
}
