// Draws the OpenAPI document; what is tried out carries the mark of our page.
"use strict";
const place = document.getElementById("api");
const how = JSON.parse(document.getElementById("api-how").textContent);
SwaggerUIBundle({
  ...how,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = place.dataset.mark;
    }
    return request;
  },
});
