// What pages do beyond links and forms; everything works without it.
"use strict";
