export const search = {
  'search.title': 'Procurar nas listas',
  'search.label': 'Artigo, loja ou nota',
  'search.submit': 'Procurar',
  'search.found': { one: '{count} artigo', other: '{count} artigos' },
  'search.none': 'Nada tem «{query}». Experimente menos letras.',
  'search.more': 'Há mais. Escreva mais letras para os encontrar.',
  'search.done': 'no cesto',
  'search.away': 'lista guardada',
  'search.first': 'A minha lista'
} as const
