// The slider over other correlations of sampling errors: each place of it has its sentence in a template.
(function () {
  "use strict";
  var box = document.querySelector("div.rho");
  if (!box) { return; }
  var coefficient = box.querySelector(".coefficient");
  var slider = box.querySelector(".correlation");
  var swept = box.querySelector(".swept");

  function places() { return box.querySelectorAll('template[data-coefficient="' + Number(coefficient.value) + '"]'); }

  function say() {
    var place = places()[Number(slider.value)];
    slider.setAttribute("aria-valuetext", place.dataset.rho);
    swept.replaceChildren(place.content.cloneNode(true));
  }

  function choose() {
    slider.max = places().length - 1;
    slider.value = coefficient.selectedOptions[0].dataset.own;
    say();
  }

  coefficient.addEventListener("change", choose);
  slider.addEventListener("input", say);
  choose();
  box.hidden = false;
}());
