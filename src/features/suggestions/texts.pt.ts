export const suggestions = {
  'suggestions.title': 'O que costuma comprar',
  'suggestions.lead': 'Estes nomes servem para lhe sugerir o que juntar à lista. Mais ninguém os vê.',
  'suggestions.find': 'Procurar',
  'suggestions.names': 'Nomes lembrados',
  'suggestions.add': 'Juntar',
  'suggestions.forget': 'Esquecer',
  'suggestions.empty': 'Ainda nada. O que juntar à lista aparece aqui.',
  'suggestions.none': 'Nada do que costuma comprar começa assim.',
  'suggestions.more': 'Há mais nomes: escreva em cima como começa o que procura.',
  'flash.forgotten': '«{name}» foi esquecido.',
  'flash.notForgotten': 'Esse nome já não estava lembrado, ou foi comprado outra vez entretanto.'
} as const
