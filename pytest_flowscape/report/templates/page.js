(function () {
  document.documentElement.lang = "en";
  function copied(button, done) {
    button.textContent = done ? "Copied" : "Select it and press Ctrl+C";
    setTimeout(function () { button.textContent = "Copy"; }, 2500);
  }
  function select(code) {
    var range = document.createRange();
    range.selectNodeContents(code);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
  document.addEventListener("click", function (event) {
    var button = event.target;
    if (!button.matches || !button.matches(".fs-command > button")) { return; }
    var code = button.parentNode.querySelector("code");
    if (navigator.clipboard && navigator.clipboard.writeText) {
      navigator.clipboard.writeText(code.textContent).then(
        function () { copied(button, true); },
        function () { select(code); copied(button, false); });
    } else {
      select(code);
      copied(button, false);
    }
  });
})();
