// placeholder for the build
