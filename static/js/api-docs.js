(function () {
  "use strict";
  const place = document.getElementById("swagger");
  window.SwaggerUIBundle({
    url: place.dataset.schema,
    dom_id: "#swagger",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    docExpansion: "list",
    requestInterceptor: (request) => {
      if (request.method !== "GET") request.headers["X-CSRFToken"] = place.dataset.csrf;
      return request;
    },
  });
})();
