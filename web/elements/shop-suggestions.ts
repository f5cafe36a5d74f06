/** Around a `<datalist>`: the shops that are on the list. */
class ShopSuggestions extends HTMLElement {
  connectedCallback(): void {
    this.suggest()
    document.addEventListener('items-changed', this.suggest)
  }

  disconnectedCallback(): void {
    document.removeEventListener('items-changed', this.suggest)
  }

  private readonly suggest = (): void => {
    const shops = new Set(Array.from(document.querySelectorAll('item-list .s'), shop => shop.textContent ?? ''))
    const options = Array.from(shops, shop => Object.assign(document.createElement('option'), { value: shop }))
    this.querySelector('datalist')?.replaceChildren(...options)
  }
}

customElements.define('shop-suggestions', ShopSuggestions)
